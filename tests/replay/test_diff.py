"""Two sessions side by side."""

from __future__ import annotations

import pytest
from replay.scripts import CHUNKED, LOGIN, SENDING, trace

from smtptrace import redact
from smtptrace.replay.diff import diff_object, pairs


def differences(left: str, right: str) -> list[tuple[str, tuple[str, ...]]]:
    """The verb of each pair that differs, and how."""
    found = pairs(redact.mask(trace(left)), redact.mask(trace(right)))
    return [((pair.left or pair.right).verb, pair.differences) for pair in found if pair.differences]


def remarks(left: str, right: str) -> list[str]:
    found = pairs(redact.mask(trace(left)), redact.mask(trace(right)))
    return [remark for pair in found for remark in pair.remarks]


def test_the_same():
    """A session and itself."""
    assert differences(SENDING, SENDING) == []
    assert remarks(SENDING, SENDING) == []


def test_names_and_addresses_are_remarks():
    """Another client, sender, recipient and queue id are no difference."""
    other = SENDING.replace("EHLO a", "EHLO b").replace("a@b", "x@y").replace("C: text", "C: other text")
    assert differences(SENDING, other) == []
    assert remarks(SENDING, other) == ["name: a | b", "path: a@b | x@y", "octets: 20 | 26"]


@pytest.mark.parametrize(
    ("old", "new", "verb", "difference"),
    [
        ("C: EHLO a\nS: 250-hi\nS: 250 SIZE", "C: HELO a\nS: 250 hi", "EHLO", "verb: EHLO | HELO"),
        ("S: 250 SIZE", "S: 250 HELP", "EHLO", "offered on the left only: SIZE"),
        ("S: 250 ok\nC: RCPT", "S: 250 2.1.0 ok\nC: RCPT", "", ""),
        ("S: 250 ok\nC: DATA", "S: 550 5.1.1 no\nC: DATA", "RCPT", "reply: 250 | 550 5.1.1"),
        ("MAIL FROM:<a@b>", "MAIL FROM:<a@b> SIZE=1", "MAIL", "parameters: none | SIZE"),
        ("C: MAIL", "C: RSET\nS: 250 ok\nC: MAIL", "RSET", "only on the right"),
    ],
)
def test_what_counts(old, new, verb, difference):
    """Verbs, extensions, codes, parameters, and commands that one lacks."""
    found = differences(SENDING, SENDING.replace(old, new, 1))
    assert [(each, how[0]) for each, how in found][:1] == ([(verb, difference)] if verb else [])


def test_logins():
    """Mechanism and how it was done count, who it was does not."""
    plain = LOGIN.replace(
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0MQ==",
        "C: AUTH PLAIN AGFsaWNlAHNlY3JldDE=",
    )
    assert differences(LOGIN, plain) == [("AUTH", ("mechanism: LOGIN | PLAIN", "initial response: no | yes"))]
    assert "user: alice | bobby" in remarks(LOGIN, LOGIN.replace("YWxpY2U=", "Ym9iYnk="))


def test_commands_are_matched_by_meaning():
    """BDAT is a way to say DATA; what follows something left out is matched again."""
    found = differences(SENDING.replace(" NOTIFY=FAILURE ORCPT=rfc822;c@d", ""), CHUNKED)
    assert ("DATA", ("verb: DATA | BDAT",)) in found
    assert [verb for verb, _ in found] == ["EHLO", "DATA", "BDAT"]


def test_json():
    """Rows with both sides; no secret in them."""
    found = pairs(redact.mask(trace(LOGIN)), redact.mask(trace(LOGIN.replace("235 ok", "535 5.7.8 no"))))
    record = diff_object(found, {"source": "a", "id": "1"}, {"source": "b", "id": "2"})
    assert (record["schema"], record["same"], record["first_difference"]) == ("smtptrace.diff/1", False, 3)
    assert record["rows"][2]["right"]["reply"]["code"] == 535
    assert record["rows"][0]["left"]["verb"] is None
    assert "secret1" not in repr(record)
    assert "c2VjcmV0MQ" not in repr(record)
    assert diff_object(pairs(trace(SENDING), trace(SENDING)), {}, {})["same"] is True
