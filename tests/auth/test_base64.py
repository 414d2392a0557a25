"""Base64 lines as they come."""

from __future__ import annotations

import pytest

from smtptrace.auth._base64 import decode
from smtptrace.auth._marks import is_hidden_value, is_mark


@pytest.mark.parametrize(
    ("text", "octets", "problems"),
    [
        (b"YWxpY2U=", b"alice", ()),
        (b"", b"", ()),
        (b"=", b"", ()),
        (b"YWxpY2U", b"alice", ("missing-base64-padding",)),
        (b"YWxp==", b"ali", ("excess-base64-padding",)),
        (b" YWxp ", b"ali", ("surrounding-space",)),
        (b"YW\\nxp", b"ali", ("newline-in-base64",)),
        (b"YW\nxp", b"ali", ("newline-in-base64",)),
        (b"Pz8_", b"???", ("url-safe-base64",)),
        (b"YWxpY", None, ("truncated-base64",)),
        (b"YW==xp", None, ("not-base64",)),
        (b"====", None, ("not-base64",)),
        (b"?", None, ("not-base64",)),
        (b"%%%", None, ("not-base64",)),
        (b"YWxpY2U%3D", b"alice", ("percent-encoded-base64",)),
        (b"616c69636540657861", b"alice@exa", ("hex-instead-of-base64",)),
        (b"00616c69636500676568", b"\0alice\0geh", ("hex-instead-of-base64",)),
        (b"********", None, ("masked-by-source",)),
    ],
)
def test_lines(text: bytes, octets: bytes | None, problems: tuple[str, ...]) -> None:
    """What is meant is read, what is wrong is named."""
    found = decode(text)
    assert (found.octets, found.problems) == (octets, problems)


@pytest.mark.parametrize(
    "mark",
    [
        "****",
        "PROVIDED_BUT_REMOVED",
        "Lyogc2VjcmV0ICov",
        "[credentials hidden]",
        "<authentication response>",
        "xxxx",
        "XXXXXXXX",
        "REDACTED",
        "<snip>",
        "[...]",
        "...",
        "<password>",
        "AUTH LOGIN command trace suppressed",
        "\u2022\u2022\u2022\u2022",
        "[redacted]",
        "<base64>",
        "(hidden)",
        "(* value hidden *)",
        "[[ Credentials removed from proxy log ]]",
        "***REDACTED***",
        "{password}",
        "{{ token }}",
        "${env:LAB_PASSWORD}",
    ],
)
def test_marks(mark: str) -> None:
    """All of these stand for something that was taken out."""
    assert is_mark(mark.encode())


@pytest.mark.parametrize(
    "text", ["", "YWxpY2U=", "<1896.6971@postoffice.example>", "secret", "*", "xx", '{"status":"401"}', "a" * 200]
)
def test_no_marks(text: str) -> None:
    """These are what they are."""
    assert not is_mark(text.encode())


def test_hidden_values() -> None:
    """A decoded value may be a mark too, but an ordinary word is none."""
    assert is_hidden_value(b"PROVIDED_BUT_REMOVED")
    assert not is_hidden_value(b"hidden")
