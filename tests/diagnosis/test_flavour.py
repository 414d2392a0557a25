"""Which server speaks."""

from __future__ import annotations

import pytest
from support.dialogue import session

from smtptrace.diagnosis import server_flavour


@pytest.mark.parametrize(
    ("greeting", "flavour"),
    [
        ("EX01.corp.test Microsoft ESMTP MAIL Service ready at Mon, 23 Nov 2026 18:00:00 +0000", "exchange"),
        ("AM0PR.outlook.office365.com Microsoft ESMTP MAIL Service ready", "exchange-online"),
        ("gw.test Microsoft ESMTP MAIL Service, Version: 8.0.9200.16384 ready", "iis-smtp"),
        ("smtp.gmail.com ESMTP x - gsmtp", "gmail"),
        ("mail.example.test ESMTP Postfix (Debian)", "postfix"),
        ("mail.example.test ESMTP Exim 4.96 Mon, 23 Nov 2026", "exim"),
        ("mail.example.test ESMTP Sendmail 8.17.1/8.17.1", "sendmail"),
        ("email-smtp.amazonaws.com ESMTP SimpleEmailService-d-X", "amazon-ses"),
        ("mail.example.test Dovecot ready.", "dovecot"),
        ("mail.example.test ESMTP OpenSMTPD", "opensmtpd"),
        ("mail.example.test ESMTP Haraka/3.0.1 ready", "haraka"),
        ("****************************", "cisco-asa"),
        ("mail.example.test ESMTP", None),
    ],
)
def test_a_greeting_gives_the_server_away(greeting, flavour):
    """Or says nothing."""
    assert server_flavour(session(f"S: 220 {greeting}")) == flavour


@pytest.mark.parametrize(
    ("line", "flavour"),
    [
        ("250-X-ANONYMOUSTLS\\r\\n250 XRDST", "exchange"),
        ("250 AUTH LOGIN", None),
    ],
)
def test_keywords_of_one_server_tell(line, flavour):
    """Exchange's own words in the EHLO reply."""
    script = f"S: 220 x.example.test ESMTP\nC: EHLO a\nS> 250-x.example.test\\r\\n{line}\\r\\n"
    assert server_flavour(session(script)) == flavour


@pytest.mark.parametrize(
    ("reply", "flavour"),
    [
        ("535 Incorrect authentication data", "exim"),
        ("535 5.7.3 Authentication unsuccessful", "exchange"),
        ("535 5.7.139 Authentication unsuccessful [AM0.EURPRD01.PROD.EXCHANGELABS.COM]", "exchange-online"),
        ("535 5.7.8 Error: authentication failed: bad", "postfix"),
        ("535 Authentication failed. Restarting authentication process.", "hmailserver"),
        ("535 no", None),
    ],
)
def test_the_wording_of_a_reply_tells(reply, flavour):
    """Where the greeting does not."""
    assert server_flavour(session(f"S: 220 x.example.test ESMTP\nC: AUTH PLAIN AHgAeHh4\nS: {reply}")) == flavour
