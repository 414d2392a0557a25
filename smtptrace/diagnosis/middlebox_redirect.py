"""Another server answers than the one that was asked for: outbound SMTP is redirected on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_note, of_reply
from smtptrace.wire import Note

FIX = {
    "any": (
        "Look: connect by hand from the same host (openssl s_client -connect HOST:PORT) and read the banner and "
        "certificate. Change: ask the hosting or access provider to lift the redirection, use its relay, or "
        "another port (465, 2525)."
    ),
    "exim": (
        "Look: on a cPanel host, Security Center, SMTP Restrictions. Change: have it lifted, or send through the "
        "host's own server."
    ),
}
REFERENCES = ("https://github.com/PHPMailer/PHPMailer/wiki/Troubleshooting",)
_ASKED = re.compile(
    r"(?:opening to|resolved|connect(?:ing|ed|ion)?(?: established)?(?: to)?|trying|host(?: ?name)?\"?[:= ]|relay[ =]"
    r"|start connection to|using smarthost)"
    r"[^A-Za-z0-9\[]{0,6}(?:(?:ssl|tls|tcp|smtps?)://)?([a-z0-9-]+(?:\.[a-z0-9-]+)+\.?)",
    re.IGNORECASE,
)
_MISMATCH = re.compile(
    r"CN ?= ?[`'\"]?([\w.*-]{3,255})[`'\"]? did not match expected CN ?= ?[`'\"]?([\w.-]{3,255})"
    r"|Host: ([\w.-]{3,255})\.? is not (?:in the cert's altnames: DNS:|cert's CN: )([\w.*-]{3,255})",
    re.IGNORECASE,
)
_HOST = re.compile(rb"220[ -]([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_PROVIDERS: dict[str, tuple[str, ...]] = {
    "gmail.com": ("google",),
    "googlemail.com": ("google",),
    "google.com": ("google",),
    "office365.com": ("outlook", "office365"),
    "outlook.com": ("outlook", "office365"),
    "hotmail.com": ("outlook", "hotmail"),
    "live.com": ("outlook", "hotmail"),
    "amazonaws.com": ("amazonaws",),
    "sendgrid.net": ("sendgrid", "ismtpd"),
    "mailgun.org": ("mailgun",),
    "yahoo.com": ("yahoo",),
    "yandex.ru": ("yandex",),
    "yandex.com": ("yandex",),
    "mail.ru": ("mail.ru",),
    "qq.com": ("qq.com",),
    "163.com": ("163.com",),
    "zoho.com": ("zoho",),
    "icloud.com": ("icloud", "apple", "me.com"),
    "me.com": ("icloud", "me.com"),
}
"""By domain of the host asked for, what the banner of the provider holds."""


def weigh(case: Case) -> Weight | None:
    """The host that the source says it asked for, against the name in the banner or in the certificate."""
    said = _by_certificate(case) or case.said("middlebox-redirect")
    greeting = case.session.greeting
    found = _HOST.match(greeting.lines[0]) if greeting and greeting.lines else None
    if found is None or greeting is None:
        return said
    for note, host in _asked(case):
        if _is_another(host, greeting.lines[0].decode("latin-1")):
            because = f"The client asked for {host}, but {found[1].decode('ascii')} answers."
            return strongest(Weight(0.94, (of_note(note), of_reply(greeting)), because), said)
    return said


def _is_another(host: str, answer: str) -> bool:
    """Whether the host is a provider's, and the answer is not from that provider."""
    provider = next((domain for domain in _PROVIDERS if host == domain or host.endswith("." + domain)), None)
    if provider is None:
        return False
    return not any(mark in answer.lower() for mark in (*_PROVIDERS[provider], provider.partition(".")[0]))


def _by_certificate(case: Case) -> Weight | None:
    """A certificate of somebody else's name for the provider that was asked for."""
    for note in case.remarks[:16]:
        found = _MISMATCH.search(note.text)
        shown, host = (found[1] or found[4], found[2] or found[3]) if found else ("", "")
        if shown and host and _is_another(host.lower().rstrip("."), shown):
            because = f"The client asked for {host}, but a server with a certificate of {shown} answers."
            return Weight(0.94, (of_note(note),), because)
    return None


def _asked(case: Case) -> Iterator[tuple[Note, str]]:
    """The hosts that were asked for, and the notes that say so."""
    for note in case.session.notes[:32]:
        found = _ASKED.search(note.text)
        if found:
            yield note, found[1].lower().rstrip(".")
    connection = case.session.connection
    if re.search("[A-Za-z]", connection.server.host) and ":" not in connection.server.host:
        yield Note(f"connected to {connection.server}", None, connection.number), connection.server.host.lower()
