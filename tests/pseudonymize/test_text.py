"""Names in lines of text."""

from __future__ import annotations

import pytest

from smtptrace.pseudonymize import Names
from smtptrace.pseudonymize._text import Sweeper


@pytest.fixture
def sweeper() -> Sweeper:
    names = Names()
    names.learn_address("CORP\\alice")
    names.learn("Bob", names.user)
    return Sweeper(names)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("MAIL FROM:<alice@corp.net> AUTH=alice@corp.net", "MAIL FROM:<person1@site1.net> AUTH=person1@site1.net"),
        ("RCPT TO:<x=y=corp.net@list.corp.net>", "RCPT TO:<person3@site2.site1.net>"),
        ("5.7.1 [10.9.8.7] blocked by zen.spamhaus.org", "5.7.1 [192.0.2.1] blocked by site2.spamhaus.org"),
        ("2.1.5 Ok, ALICE and bob; bobsled and alices", "2.1.5 Ok, person1 and person2; bobsled and person1s"),
        ("from EX01 ([fe80::1]) version 15.1.2507.6", "from EX01 ([2001:db8::1]) version 15.1.2507.6"),
        ("see http://help.corp.net/spam.html", "see http://site2.site1.net/spam.html"),
        ("System.Net.Mail.SmtpException: refused", "System.Net.Mail.SmtpException: refused"),
        ("User Name: CORP\\alice", "User Name: SITE1\\person1"),
        ("550 5.7.60 SMTP; Client does not have permissions", "550 5.7.60 SMTP; Client does not have permissions"),
        ("at 12:34:56 +0100, TLSv1.2", "at 12:34:56 +0100, TLSv1.2"),
    ],
)  # fmt: skip
def test_names_go_and_words_stay(sweeper: Sweeper, said: str, shown: str) -> None:
    """What looks like a name, and every name that was learnt."""
    assert sweeper.text(said) == shown


def test_an_outline_says_nothing_else(sweeper: Sweeper) -> None:
    """Letters and digits of anything that is no name are covered."""
    assert sweeper.outline('"Alice Müller" <alice@corp.net> 42') == '"xxxxx xxxxxx" <person1@site1.net> 00'


def test_octets_that_are_no_text_stay(sweeper: Sweeper) -> None:
    """Names among them go."""
    assert sweeper.octets(b"\xff\xfe alice \x80") == b"\xff\xfe person1 \x80"


def test_hosts_that_are_no_ascii() -> None:
    """A domain in its own script is a domain (RFC 6531)."""
    names = Names()
    said = Sweeper(names).text("RCPT TO:<sales@Bürö-Größe.de> via почта.рф")
    assert said == "RCPT TO:<person1@site1.de> via site2.рф"
