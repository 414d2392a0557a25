"""Pseudonyms: one for each name, and a map that keeps them."""

from __future__ import annotations

import pytest

from smtptrace.errors import UsageError
from smtptrace.pseudonymize import Names
from smtptrace.pseudonymize._names import filler


def test_a_host_keeps_its_place_in_its_domain() -> None:
    """Equal labels get equal pseudonyms; top-level domains and labels that name a service stay."""
    names = Names()
    assert names.host("ex01.corp-inc.co.uk") == "site1.site2.site3.uk"
    assert names.host("EX02.CORP-INC.COM") == "SITE4.SITE2.COM"
    assert names.host("mail.protection.outlook.com") == "mail.protection.outlook.com"
    assert names.host("contoso.mail.protection.outlook.com") == "site5.mail.protection.outlook.com"


def test_a_private_top_level_domain_is_a_name_too() -> None:
    """Those of the standards and of countries are not."""
    names = Names()
    assert names.host("smtp.contoso") == "smtp.site1"
    assert names.host("smtp.intra") == "smtp.intra"


def test_logins_in_all_their_spellings() -> None:
    """Mailbox, Windows domain and bare name are the same person."""
    names = Names()
    assert names.address("alice@corp-inc.com") == "person1@site1.com"
    assert names.address("CORP-INC\\Alice") == "SITE1\\person1"
    assert names.address("alice") == "person1"
    assert names.known("ALICE") == "person1"


def test_ip_addresses_become_those_for_documentation() -> None:
    """The own machine is nobody; a literal keeps its brackets."""
    names = Names()
    assert names.ip("10.1.2.3") == "192.0.2.1"
    assert names.host("[10.1.2.3]") == "[192.0.2.1]"
    assert names.host("[IPv6:fe80::1]") == "[IPv6:2001:db8::2]"
    assert names.ip("127.0.0.1") == "127.0.0.1"
    assert names.ip("::1") == "::1"


def test_addresses_for_documentation_do_not_run_out() -> None:
    """A log may hold thousands of clients."""
    names = Names()
    given = {names.ip(f"11.{high}.{low}.1") for high in range(4) for low in range(256)}
    assert len(given) == 1024


def test_a_secret_keeps_length_and_kind() -> None:
    """Equal ones stay equal; white space and what is no ASCII stay, since they tell of mistakes."""
    names = Names()
    assert names.secret(b"Winter2024!\r\n") == b"s1xxxxxxxxx\r\n"
    assert names.secret(b"Winter2024!") == b"s1xxxxxxxxx"
    assert names.secret(b"Summer2024!") == b"s2xxxxxxxxx"
    assert names.secret("пароль".encode()) == "éééééé".encode()
    assert names.secret(b"") == b""
    assert filler(b"caf\xe9 x\n") == b"xxx\xe9 x\n"


def test_what_tells_of_a_mistake_stays() -> None:
    """A login that was never given, and a key of a cloud instead of one."""
    names = Names()
    assert names.address("undefined") == "undefined"
    assert names.secret(b"null") == b"null"
    assert names.user("AKIAIOSFODNN7EXAMPLE") == "AKIA0000000000000001"


def test_a_map_gives_the_same_pseudonyms_again() -> None:
    """And holds no secret."""
    first = Names()
    first.address("alice@corp-inc.com")
    first.secret(b"Winter2024!")
    assert "Winter" not in first.as_json() and b"Winter2024!".hex() not in first.as_json()
    second = Names.from_json(first.as_json(), "map.json")
    assert second.address("bob@corp-inc.com") == "person2@site1.com"
    assert second.address("alice@corp-inc.com") == "person1@site1.com"


@pytest.mark.parametrize("text", ["", "[]", '{"user": 1}', '{"user": {"a": 1}}', "[" * 5000])
def test_anything_else_is_no_map(text: str) -> None:
    """It is said which file it is."""
    with pytest.raises(UsageError, match=r"map\.json"):
        Names.from_json(text, "map.json")


def test_words_that_say_nothing_are_not_learnt() -> None:
    """A user called `mail` must not change what every reply says."""
    names = Names()
    for word in ("mail", "admin", "NOOP", "x", "12345", "10.0.0.1"):
        names.learn(word, names.known)
    assert not names.recent.words
