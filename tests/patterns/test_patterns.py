"""Judgements over many sessions: what raises each pattern, and the harmless traffic beside it."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from support.dialogue import session

from smtptrace.auth import SecretIds, read_credentials
from smtptrace.errors import UsageError
from smtptrace.findings import Finding, Severity
from smtptrace.patterns import (
    PATTERNS,
    Inventory,
    Judge,
    LoginRow,
    MessageRow,
    SessionRow,
    row_of,
    thresholds_of,
)

SECOND = 10**9
START = 1_700_000_000 * SECOND


def login(at: float, user: str, secret: str | None, *, client: str = "198.51.100.7", ok: bool = False) -> SessionRow:
    """A session with one login, `at` seconds after the start."""
    time_ns = START + int(at * SECOND)
    attempt = LoginRow(time_ns, user, "LOGIN", secret, ok, not ok, False, 9)
    return SessionRow(str(int(at)), "a.pcap", time_ns, client, "192.0.2.1:25", "pc", "none", "", (attempt,))


def mail(
    at: float, recipients: int, *, refused: int = 0, user: str = "", sender: str = "a@x.test", client: str = "10.0.0.9"
) -> SessionRow:
    """A session with one accepted message."""
    time_ns = START + int(at * SECOND)
    message = MessageRow(time_ns, user, sender, recipients, refused, recipients > 0, 20)
    return SessionRow(str(int(at)), "a.pcap", time_ns, client, "192.0.2.1:25", "pc", "none", "", (), (message,))


def found(rows: Iterable[SessionRow], thresholds: dict[str, float] | None = None) -> dict[str, Finding]:
    """The findings on these rows by pattern."""
    judge = Judge(thresholds)
    for row in rows:
        judge.add(row)
    return {finding.rule: finding for finding in judge.findings()}


def test_many_passwords_for_one_user_are_guessing():
    """Ten refused logins with different passwords; the numbers stand in the summary."""
    told = found(login(number, "alice", f"#{number}") for number in range(12))["password-guessing"]
    assert "12 refused logins for alice" in told.summary and "12 different passwords" in told.summary
    assert told.severity is Severity.MEDIUM
    assert [each.file for each in told.evidence] == ["a.pcap"] * 3


@pytest.mark.parametrize(
    "rows",
    [
        [login(number, "alice", "#1") for number in range(50)],
        [login(number, "alice", f"#{number}") for number in range(9)],
        [login(number * 3600, "alice", f"#{number}") for number in range(12)],
        [login(number, "alice", None) for number in range(12)],
    ],
    ids=["one old password", "too few", "too slow", "proofs that differ by design"],
)
def test_what_looks_like_guessing_and_is_not(rows):
    """A program with an old password, a person who forgot it."""
    assert "password-guessing" not in found(rows)


def test_a_few_passwords_for_many_users_are_spraying():
    """By one client; worse where one was accepted."""
    rows = [login(number, f"user{number}", "#1") for number in range(10)]
    told = found(rows)["password-spraying"]
    assert "198.51.100.7 tries 10 users with 1 different passwords" in told.summary
    assert found([*rows, login(11, "user3", "#1", ok=True)])["password-spraying"].severity is Severity.HIGH


def test_many_users_behind_one_address_are_no_spraying():
    """A web mailer whose users mostly get in."""
    rows = [login(number, f"user{number % 30}", f"#{number % 30}", ok=number % 4 > 0) for number in range(120)]
    assert "password-spraying" not in found(rows)


def test_success_after_failures():
    """The last of several passwords was right."""
    rows = [login(number, "alice", f"#{number}") for number in range(6)]
    told = found([*rows, login(7, "alice", "#9", ok=True, client="203.0.113.4")])["success-after-failures"]
    assert "accepted from 203.0.113.4 after 6 refused ones" in told.summary
    assert told.severity is Severity.HIGH


def test_an_acceptance_in_between_ends_the_run_of_failures():
    """Four refusals, success, four refusals, success: a person who types badly."""
    rows = [login(number, "alice", f"#{number}", ok=number % 5 == 4) for number in range(10)]
    assert "success-after-failures" not in found(rows)


def test_one_credential_from_many_addresses():
    """Networks count, not single addresses."""
    far = [login(number, "alice", "#1", ok=True, client=f"198.51.{number}.7") for number in range(5)]
    near = [login(number, "alice", "#1", ok=True, client=f"198.51.100.{number}") for number in range(5)]
    assert "5 networks" in found(far)["credential-from-many-addresses"].summary
    assert "credential-from-many-addresses" not in found(near)


def test_one_secret_for_many_users():
    """Equal secrets are recognised without being shown."""
    rows = [login(number, f"user{number}", "#7", ok=True) for number in range(5)]
    told = found(rows)["one-secret-for-many-users"]
    assert "(#7) is used for 5 users, accepted for all" in told.summary
    assert "one-secret-for-many-users" not in found(rows[:3])


def test_a_burst_is_information_and_more_where_senders_change():
    """A newsletter is a number; changing senders under one login are consistent with spam."""
    newsletter = [mail(number, 10, user="news") for number in range(120)]
    spam = [mail(number, 10, user="joe", sender=f"s{number}@x.test") for number in range(120)]
    assert found(newsletter)["burst"].severity is Severity.INFO
    assert "120 messages to 1200 recipients as 1 senders" in found(newsletter)["burst"].summary
    assert found(spam)["burst"].severity is Severity.MEDIUM
    assert "burst" not in found([mail(number * 60, 1, user="joe") for number in range(120)])


def test_many_recipients_refused():
    """More than half of them, and not a few."""
    probing = [mail(number, 0, refused=5) for number in range(6)]
    old_list = [mail(number, 40, refused=5) for number in range(6)]
    assert "30 of 30 recipients of 10.0.0.9 are refused" in found(probing)["recipients-refused"].summary
    assert "recipients-refused" not in found(old_list)


def test_harmless_traffic_raises_nothing_above_information():
    """Bulk mail, a relay for many senders, and monitoring."""
    bulk = [mail(number / 10, 50, user="news") for number in range(600)]
    relay = [mail(number / 5, 1, sender=f"user{number % 80}@x.test", client="10.0.0.2") for number in range(900)]
    watch = [SessionRow(str(n), "a", START + n * 60 * SECOND, "10.0.0.3", "s", "mon", "none", "") for n in range(500)]
    apps = [login(number * 20, "app", "#1", client="10.0.0.4", ok=True) for number in range(500)]
    assert all(each.severity is Severity.INFO for each in found([*bulk, *relay, *watch, *apps]).values())


def test_rows_are_judged_in_the_order_of_their_times():
    """In whatever order the sessions ended."""
    rows = [login(number, "alice", f"#{number}") for number in range(6)] + [login(7, "alice", "#9", ok=True)]
    shuffled = random.Random(1).sample(rows, len(rows))
    assert found(rows) == found(shuffled)


def test_thresholds_are_options():
    """By pattern and name; an unknown one is named."""
    rows = [login(number, "alice", f"#{number}") for number in range(4)]
    assert not found(rows)
    assert list(found(rows, {"password-guessing.failures": 3, "password-guessing.secrets": 3})) == ["password-guessing"]
    with pytest.raises(UsageError, match=r"no threshold password-guessing\.failure;"):
        Judge({"password-guessing.failure": 3})


@pytest.mark.parametrize("name", PATTERNS.names())
def test_a_pattern_documents_its_thresholds(name):
    """Each has a default and a line that says what it is."""
    told = PATTERNS[name].Thresholds.__doc__
    assert all(f"{threshold}: " in told for threshold in thresholds_of(name))
    assert PATTERNS[name].INNOCENT and PATTERNS[name].REFERENCES and PATTERNS[name].ADVICE


SCRIPT = """
    S: 220 mail.example.test ESMTP
    C: EHLO app.example.test
    S: 250 AUTH PLAIN
    C: AUTH PLAIN AGFsaWNlAFNlY3JldDEyMyE=
    S: 235 2.7.0 ok
    C: MAIL FROM:<a@example.test>
    S: 250 ok
    C: RCPT TO:<b@example.test>
    S: 250 ok
    C: RCPT TO:<nobody@example.test>
    S: 550 no
    C: DATA
    S: 354 go
    C: Subject: x
    C:
    C: .
    S: 250 queued
"""


def rows_of(*scripts: str) -> list[SessionRow]:
    """The rows of dialogues, with the names of their secrets."""
    ids = SecretIds()
    sessions = [session(script) for script in scripts]
    return [row_of(each, read_credentials(each), str(number), ids.of) for number, each in enumerate(sessions)]


def test_a_row_holds_what_patterns_need():
    """Login, secret by name, message with its login, recipients and refusals."""
    first, second = rows_of(SCRIPT, SCRIPT)
    assert (first.logins[0].user, first.logins[0].accepted, first.logins[0].secret) == ("alice", True, "#1")
    assert second.logins[0].secret == "#1"
    assert (first.messages[0].recipients, first.messages[0].refused, first.messages[0].user) == (1, 1, "alice")
    assert (first.client, first.helo) == ("10.0.0.5", "app.example.test")


def test_the_inventory_says_what_would_break():
    """Without basic authentication, and without anonymous relaying."""
    anonymous = SCRIPT.replace("    C: AUTH PLAIN AGFsaWNlAFNlY3JldDEyMyE=\n    S: 235 2.7.0 ok\n", "")
    inventory = Inventory()
    for row in rows_of(SCRIPT, SCRIPT, anonymous):
        inventory.add(row)
    uses = {use.user: use for use in inventory.uses()}
    assert (uses["alice"].logins, uses["alice"].messages, uses["alice"].breaks) == (2, 2, {"basic-auth"})
    assert (uses[""].logins, uses[""].messages, uses[""].breaks) == (0, 1, {"anonymous-relay"})
