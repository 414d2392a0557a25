"""Base64 that a page wrapped is one line again, and nothing else is put together."""

from __future__ import annotations

import base64

from support.told import told

CHALLENGE = base64.b64encode(b"NTLMSSP\0\x02\0\0\0" + bytes(90)).decode()
RESPONSE = base64.b64encode(b"NTLMSSP\0\x03\0\0\0" + bytes(150)).decode()


def wrapped(line: str, width: int) -> str:
    """The line as a page of this width shows it."""
    return "\n".join(line[at : at + width] for at in range(0, len(line), width))


def test_a_dialogue_without_marks() -> None:
    """The challenge and the response below it, each wrapped, are told apart."""
    for width in (64, 72, 76):
        text = (
            "220 mx.test ESMTP\nEHLO a\n250 AUTH NTLM\nAUTH NTLM\n334 NTLM supported\nTlRMTVNTUAABAAAA\n"
            f"{wrapped('334 ' + CHALLENGE, width)}\n{wrapped(RESPONSE, width)}\n535 5.7.3 no\n"
        )
        assert told(text)[-3:] == [f"S: 334 {CHALLENGE}", f"C: {RESPONSE}", "S: 535 5.7.3 no"]


def test_an_initial_response() -> None:
    """AUTH with an argument over several lines."""
    token = base64.b64encode(b"user=a@b.test\1auth=Bearer " + b"x" * 120 + b"\1\1").decode()
    text = f"220 mx.test\nEHLO a\n250 AUTH XOAUTH2\n{wrapped('AUTH XOAUTH2 ' + token, 76)}\n535 no\n"
    assert told(text)[-2] == f"C: AUTH XOAUTH2 {token}"


def test_a_dialogue_with_marks() -> None:
    """As the RFCs print it: pieces below a marked line, a challenge that begins below its code."""
    text = (
        "S: 220 mx.test\nC: EHLO a\nS: 250 AUTH NTLM\nC: AUTH NTLM\nS: 334\n"
        f"{wrapped(CHALLENGE, 72)}\nC: {wrapped(RESPONSE, 72)}\nS: 535 no\n"
    )
    assert told(text)[-3:] == [f"S: 334 {CHALLENGE}", f"C: {RESPONSE}", "S: 535 no"]


def test_short_lines_are_left_alone() -> None:
    """Whole responses follow each other; nobody wraps a line of some characters."""
    text = "220 x\nEHLO a\n250 AUTH LOGIN\nAUTH LOGIN\n334 VXNlcm5hbWU6\nam9l\n334 UGFzc3dvcmQ6\ncHc=\n535 no\n"
    assert told(text)[-4:] == ["C: am9l", "S: 334 UGFzc3dvcmQ6", "C: cHc=", "S: 535 no"]
    assert "C: am9l" in told(text.replace("334 UGFzc3dvcmQ6\n", ""))


def test_lines_that_do_not_fit_are_left_as_they_stand() -> None:
    """Three groups of pieces are no challenge and response."""
    piece = "A" * 76
    text = f"220 x\nEHLO a\n250 AUTH X\nAUTH X\n334 AAAA\n{piece}\nAA\n{piece}\nAA\n535 no\n"
    assert told(text)[-2:] == [f"C: {piece}", "S: 535 no"]


def test_a_line_has_an_end() -> None:
    """Base64 without end below a challenge is not one line of AUTH."""
    text = "S: 220 x\nC: AUTH X\nS: 334 " + "A" * 72 + "\n" + ("A" * 76 + "\n") * 5000
    assert max(map(len, told(text))) < 17000
