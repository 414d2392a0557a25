"""A tool's own log tells what a capture of the same session shows, but for what its dialect hides."""

from __future__ import annotations

import json

import pytest
from support.data import reference
from support.told import connections

from smtptrace.smtp import read_session
from smtptrace.transcripts import DIALECTS

CURL = (
    "aiosmtpd-curl-ntlmv2-targetinfo-badpass",
    "aiosmtpd-curl-xoauth2-badtoken",
    "exim-curl-cram-ok",
    "exim-curl-multircpt",
    "exim-curl-ntlm-badpass",
    "exim-curl-ntlm-ok",
    "exim-curl-starttls-plain+keylog",
    "nodesmtp-curl-plain-535",
    "postfix-curl-gssapi-ok",
    "postfix-curl-starttls-login+keylog",
    "postfix-curl-xoauth2-ok",
    "postfixcyrus-curl-digest-ok",
    "postfixcyrus-curl-ntlm-ok",
)
OTHERS = (
    "exim-swaks-pipeline",
    "nodesmtp-nodemailer-cram-ok",
    "nodesmtp-nodemailer-xoauth2-badtoken",
    "postfix-gsasl-scram-sha-256-ok",
    "postfix-msmtp-digest-ok",
    "postfix-msmtp-scram-sha-1-ok",
    "postfix-msmtp-scram-sha-256-badpass",
    "postfix-msmtp-starttls+keylog",
    "postfix-nodemailer-starttls-plain+keylog",
    "postfix-swaks-attach",
    "postfix-swaks-login-535",
    "postfixcyrus-exim-ntlm-pipelined-bdat",
    "postfixcyrus-gsasl-ntlm-ok",
    "postfixcyrus-msmtp-ntlm-ok",
    "postfixcyrus-msmtp-scram-sha-256-ok",
    "postfixcyrus-swaks-ntlm-ok",
)
SCREENS = ("exim-telnet-linemode-backspace",)


@pytest.mark.parametrize("name", [*CURL, *OTHERS, *SCREENS])
def test_log_and_capture_agree(name: str) -> None:
    """The same commands, codes, logins and sizes, unless the dialect says that it hides them."""
    kind = "screen" if name in SCREENS else "client"
    (connection,) = connections(reference("recordings", f"{name}.{kind}.log").read_bytes())
    (expected,) = json.loads(reference("recordings", f"{name}.expect.json").read_text("utf-8"))["sessions"]
    session = read_session(connection)
    hides = DIALECTS[connection.origin.format].HIDES
    wanted = [tuple(pair) for pair in expected["exchanges"]]
    if "closing" in hides:
        wanted = [pair for pair in wanted if pair[0] not in (None, "QUIT")]
    assert [
        (exchange.command.verb if exchange.command else None, exchange.reply.code if exchange.reply else None)
        for exchange in session.exchanges
    ] == wanted
    assert [auth.mechanism for auth in session.authentications] == [auth["mechanism"] for auth in expected["auth"]]
    sizes = [transaction.content.size for transaction in session.transactions if transaction.content]
    hidden = "content" in hides or sizes == [None] * len(sizes)
    assert hidden or sizes == [message["size"] for message in expected["messages"]]
    server = str(connection.server).replace("localhost", "127.0.0.1")  # a log has the name that was asked for
    assert not connection.server.port or server == expected["server"]
