"""Evidence from texts."""

from __future__ import annotations

from smtptrace.redact import mask
from smtptrace.trace import read_text


def _evidence(text: str) -> list[str]:
    return [each.text for trace in read_text(text) for cause in trace.causes for each in cause.evidence]


def test_a_short_line_is_cited_with_what_stands_around_it() -> None:
    """The source's own line, so that it can be found again."""
    text = "> HELO localhost\n[503] 'bad sequence of commands'\nSMTPSenderRefused: (503, b'bad sequence of commands')\n"
    assert "> HELO localhost" in _evidence(text)


def test_a_line_with_a_secret_is_not_cited_whole() -> None:
    """It stays as it was on the wire, where it can be masked by its octets."""
    said = ("C: EHLO a", "S: 250 AUTH LOGIN", "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: YQ==", "S: 334 UGFzc3dvcmQ6")
    text = "\n".join((*said, "C: aHVudGVyMg==", "S: 535 no", ""))
    assert "C: aHVudGVyMg==" not in _evidence(text)


def test_what_is_masked_is_the_secret_alone() -> None:
    """The whole line has more octets than there were on the wire, the first of the secret that follows among them."""
    said = (
        "C: EHLO a",
        "S: 250 AUTH CRAM-MD5",
        "C: AUTH CRAM-MD5",
        "S: 334 PDFAYT4=",
        "C: YWxpY2UgMTIzNA==",
        "S: 535 no",
    )
    shown = {
        each.text for trace in read_text("\n".join((*said, ""))) for c in mask(trace).causes for each in c.evidence
    }
    assert "AUTH CRAM-MD5" in shown
