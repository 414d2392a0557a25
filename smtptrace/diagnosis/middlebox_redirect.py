"""Another server answers than the one that was asked for: outbound SMTP is redirected on the way."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_note, of_reply
from smtptrace.wire import Note, Side, Span

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
    r"(?:opening to|connect(?:ing|ed|ion)?(?: established)?(?: to)?|trying|host(?: ?name)?\"?[:= ]|start connection to"
    r"|relay[ =]|using smarthost)[^A-Za-z0-9\[]{0,6}(?:(?:ssl|tls|tcp|smtps?)://)?([a-z0-9-]+(?:\.[a-z0-9-]+)+\.?)",
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

_NAMES_NO_HOST = 0.94


def weigh(case: Case) -> Weight | None:
    """The host that the source says it asked for, against the name in the banner."""
    said = case.said("middlebox-redirect")
    greeting = case.session.greeting
    found = _HOST.match(greeting.lines[0]) if greeting and greeting.lines else None
    asked = _asked(case)
    if found is None or asked is None or greeting is None:
        return said
    note, host = asked
    provider = next((domain for domain in _PROVIDERS if host == domain or host.endswith("." + domain)), None)
    banner = greeting.lines[0].decode("latin-1").lower()
    if provider is None or any(mark in banner for mark in (*_PROVIDERS[provider], *host.split(".")[-2:-1])):
        return said
    because = f"The client asked for {host}, but {found[1].decode('ascii')} answers."
    return strongest(Weight(_NAMES_NO_HOST, (of_note(note), of_reply(greeting)), because), said)


def _asked(case: Case) -> tuple[Note, str] | None:
    """The host that was asked for, and the note that says so."""
    for note in case.session.notes[:32]:
        found = _ASKED.search(note.text)
        if found:
            return note, found[1].lower().rstrip(".")
    server = case.session.connection.server
    if re.search("[A-Za-z]", server.host) and ":" not in server.host:
        place = Span(Side.CLIENT, 0, 0, None, case.session.connection.number)
        return Note(f"connected to {server}", place.time_ns, place.frame), server.host.lower().rstrip(".")
    return None
