"""Which server speaks: by its greeting, its EHLO vocabulary, and the wording of its replies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from smtptrace.smtp import Session

_GREETINGS: tuple[tuple[str, str], ...] = (
    ("cisco-asa", r"^220[ -][*02 ]{12,}$"),
    ("exchange-online", r"(?:outlook|office365)\.com\b.*|microsoft esmtp mail service ready.*\boutlook\.com"),
    ("iis-smtp", r"microsoft esmtp mail service, version:"),
    ("exchange", r"microsoft esmtp mail service\b|microsoft exchange"),
    ("gmail", r"\bgsmtp\b|\bsmtp(?:-relay)?\.(?:gmail|google)\.com|\bmx\.google\.com"),
    ("amazon-ses", r"simpleemailservice|\bemail-smtp\b.*amazonaws"),
    ("zimbra", r"\bzimbra\b"),
    ("postfix", r"\bpostfix\b"),
    ("exim", r"\bexim\b"),
    ("sendmail", r"\bsendmail\b"),
    ("opensmtpd", r"\bopensmtpd\b"),
    ("haraka", r"\bharaka\b"),
    ("dovecot", r"\bdovecot\b"),
    ("hmailserver", r"\bhmailserver\b"),
    ("qmail", r"\bqmail\b"),
    ("qq", r"\bqq\.com\b|qq mail|xmail esmtp"),
    ("netease", r"\b(?:163|126|yeah)\.(?:com|net)\b|coremail|anti-spam gt"),
    ("yandex", r"\byandex\.(?:net|ru|com)\b|want to use yandex"),
    ("mail-ru", r"\bmail\.ru\b"),
    ("yahoo", r"\byahoo\.com\b"),
    ("icloud", r"\bicloud\.com\b|\bmail\.me\.com\b"),
    ("zoho", r"\bzoho\b|zohomail"),
    ("gmx", r"\b(?:gmx|web\.de|1and1|ionos|kundenserver)\b|nemesis esmtp"),
    ("strato", r"\brzmta\b|\bstrato\.de\b"),
    ("aliyun", r"\balimail\b|aliyun"),
    ("sendgrid", r"\bsendgrid\b|sg esmtp service"),
    ("mailgun", r"\bmailgun\b|\binfluxes? ready"),
    ("brevo", r"\b(?:brevo|sendinblue)\b"),
    ("postal", r"\besmtp postal\b"),
    ("kerio", r"\bkerio\b"),
    ("mdaemon", r"\bmdaemon\b"),
    ("mailenable", r"\bmailenable\b"),
    ("domino", r"\b(?:lotus )?domino\b"),
    ("communigate", r"\bcommunigate\b"),
    ("courier", r"\besmtp courier\b|courier ?mail"),
    ("james", r"\bjames\b.*smtp|apache james"),
    ("stalwart", r"\bstalwart\b"),
    ("aiosmtpd", r"python smtp\b|aiosmtpd|\bmailrise\b"),
    ("mailhog", r"\bmailhog\b"),
    ("mailpit", r"\bmailpit\b"),
    ("smtp4dev", r"\bsmtp4dev\b"),
    ("proofpoint", r"\bpphosted\b|proofpoint"),
    ("mimecast", r"\bmimecast\b"),
    ("barracuda", r"\bbarracuda\b"),
)
"""(flavour, pattern of its greeting); the first that is found counts."""

_WORDINGS: tuple[tuple[str, str], ...] = (
    ("exchange-online", r"prod\.(?:exchangelabs|outlook)\.com|5\.7\.139|aka\.ms/smtp_auth|smtp-hve"),
    ("gmail", r"- gsmtp\b|support\.google\.com/(?:mail|a)/"),
    ("amazon-ses", r"authentication credentials invalid|email address is not verified\.|maximum sending rate exceeded"),
    (
        "exchange",
        r"5\.7\.(?:3 authentication unsuccessful|60 |57 )|unrecognized authentication type|start mail input; end",
    ),
    (
        "hmailserver",
        r"restarting authentication process|smtp authentication is required\.|^554 rejected - message cont",
    ),
    (
        "exim",
        r"incorrect authentication data|used when not advertised|enter message, ending with \"\.\"|\bok id=[0-9A-Za-z]"
        r"|^550 relay not permitted|unrouteable address|synchroni[sz]ation error",
    ),
    ("qmail", r"smtplf\.html|sorry, that domain isn't in my list|\bok [0-9]{9,} qp [0-9]"),
    (
        "postfix",
        r"error: (?:authentication|command|bare|message|need|sender|nested|timeout)"
        r"|: (?:relay access denied|helo command rejected|sender address rejected|recipient address rejected"
        r"|client host rejected)|end data with <cr><lf>\.<cr><lf>$|ok: queued as|2\.0\.0 ready to start tls$",
    ),
    (
        "sendmail",
        r"\.\.\. (?:sender ok|recipient ok|relaying denied|user unknown)|pleased to meet you"
        r"|message accepted for delivery|enter mail, end with",
    ),
    ("qq", r"service\.mail\.qq\.com"),
    ("netease", r"mail\.163\.com/help"),
)
"""(flavour, pattern of a reply); asked in this order."""

_EXCHANGE_WORDS = frozenset(
    ("X-ANONYMOUSTLS", "X-EXPS", "XRDST", "XSHADOW", "XSHADOWREQUEST", "XEXCH50", "X-LINK2STATE")
)


_LONG_NUMBER = re.compile(rb"[0-9][0-9A-Za-z]{8,}")
"""A queue id or a time, which no wording names."""


@lru_cache(maxsize=1)
def _patterns() -> tuple[list[tuple[str, re.Pattern[str]]], list[tuple[str, re.Pattern[str]]]]:
    def made(table: tuple[tuple[str, str], ...]) -> list[tuple[str, re.Pattern[str]]]:
        return [(flavour, re.compile(pattern, re.IGNORECASE)) for flavour, pattern in table]

    return made(_GREETINGS), made(_WORDINGS)


@lru_cache(maxsize=1024)
def by_greeting(line: bytes) -> str | None:
    """The flavour that a greeting line names."""
    text = line[:512].decode("utf-8", "replace")
    return next((flavour for flavour, pattern in _patterns()[0] if pattern.search(text)), None)


@lru_cache(maxsize=1024)
def by_wording(line: bytes) -> str | None:
    """The flavour that a reply line or an error text gives away; its numbers differ from one to the next."""
    return _by_wording(_LONG_NUMBER.sub(b"0" * 9, line[:512]))


@lru_cache(maxsize=1024)
def _by_wording(line: bytes) -> str | None:
    text = line.decode("utf-8", "replace")
    return next((flavour for flavour, pattern in _patterns()[1] if pattern.search(text)), None)


def server_flavour(session: Session) -> str | None:
    """The kind of server (`exchange`, `exchange-online`, `gmail`, `postfix`, ...), None where nothing gives it away.

    The greeting counts first, then keywords only one server has, then the wording of replies and of the notes that
    quote them.
    """
    if session.greeting is not None:
        for line in session.greeting.lines[:4]:
            found = by_greeting(line)
            if found is not None:
                return found
    for offered in (session.extensions, session.extensions_tls):
        if offered and any(keyword.partition(" ")[0].upper() in _EXCHANGE_WORDS for keyword in offered):
            return "exchange"
    worded = next(filter(None, map(by_wording, _said(session))), None)
    return worded or _by_ehlo(session)


def _said(session: Session) -> Iterator[bytes]:
    """Lines in which a server's wording may stand, bounded."""
    for exchange in session.exchanges[:64]:
        if exchange.reply is not None:
            yield from exchange.reply.lines[:4]
    for note in session.notes[:64]:
        yield note.text[:512].encode("utf-8", "replace")


def _by_ehlo(session: Session) -> str | None:
    """The flavour that the server's own name in the first line of its EHLO reply gives away."""
    for exchange in session.exchanges[:4]:
        command, reply = exchange.command, exchange.reply
        if command is not None and command.verb == "EHLO" and reply is not None and reply.code == 250:
            return by_greeting(reply.lines[0])
    return None
