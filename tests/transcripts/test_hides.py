"""Each dialect declares what it hides, in the words of the package; and its contract is whole."""

from __future__ import annotations

import re

import pytest

from smtptrace.transcripts import DIALECTS, HIDDEN
from smtptrace.transcripts._text import Text

HIDES = {
    "bare": "commands content credentials endpoints greeting line-ends replies tls",
    "curl": "closing content line-ends times",
    "curl_trace": "closing content line-ends",
    "dialogue": "endpoints line-ends times tls",
    "exchange": "content credentials line-ends",
    "exim": "content credentials line-ends tls",
    "follow": "line-ends times",
    "follow_yaml": "",
    "generic": "commands content credentials endpoints greeting line-ends replies times tls",
    "hmailserver": "content credentials line-ends tls",
    "javamail": "credentials line-ends replies times tls",
    "mailkit": "credentials endpoints line-ends tls",
    "msmtp": "line-ends times",
    "nodemailer": "content credentials line-ends",
    "nodemailer_tree": "content endpoints line-ends times",
    "phpmailer": "credentials line-ends tls",
    "postfix": "closing content line-ends tls",
    "postfix_bounce": "content endpoints line-ends times tls",
    "putty": "line-ends times tls",
    "ruby": "content times tls",
    "s_client": "commands endpoints greeting line-ends replies times",
    "sendmail": "content line-ends times tls",
    "sendmail_bounce": "closing commands content greeting line-ends replies times tls",
    "sendmail_log": "line-ends times tls",
    "smtplib": "greeting times tls",
    "swaks": "content credentials line-ends times",
    "symfony": "closing content endpoints line-ends times tls",
    "table": "endpoints line-ends times tls",
    "tcpdump": "line-ends tls",
    "tcpflow": "line-ends times",
    "telnet": "line-ends times tls",
    "typescript": "line-ends times tls",
}


@pytest.mark.parametrize("name", HIDES)
def test_what_a_dialect_hides(name: str) -> None:
    """The declaration is what docs/dialects.md and the comparison with captures rely on."""
    assert sorted(DIALECTS[name].HIDES) == HIDES[name].split()
    assert DIALECTS[name].HIDES <= HIDDEN


def test_every_dialect_is_listed() -> None:
    """A new dialect says what it hides here too."""
    assert set(DIALECTS.names()) == set(HIDES)


@pytest.mark.parametrize("name", HIDES)
def test_an_empty_text_is_nobodys(name: str) -> None:
    """No dialect claims, or finds something in, a text without lines."""
    dialect = DIALECTS[name]
    assert dialect.MARK is None or isinstance(dialect.MARK, re.Pattern)
    assert dialect.confidence(Text(())) == 0.0
    assert not list(dialect.read(Text(())))
