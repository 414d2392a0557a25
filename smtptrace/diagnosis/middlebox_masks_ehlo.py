"""A firewall rewrites banner, EHLO keywords or commands with asterisks or X."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight, strongest
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_reply
from smtptrace.smtp import Reply

FIX = {
    "any": (
        "Look: the same EHLO from a host behind the firewall; on a Cisco ASA show running-config policy-map. "
        "Change: turn SMTP inspection off (no inspect esmtp), or let it pass TLS (allow-tls, no mask-banner)."
    ),
}
REFERENCES = (
    "https://www.cisco.com/c/en/us/support/docs/security/"
    "asa-5500-x-series-next-generation-firewalls/113423-asa-esmtp-smtp-inspection.html",
)
_STARS = re.compile(rb"220[ -][*02 ]{8,}$")
_CROSSED = re.compile(rb"2[0-9][0-9][ -]X{4,}[A-Z]?$")
_QUOTED = re.compile(rb"[\"'<(: ]X{4,}[\"'>):. ]")


def weigh(case: Case) -> Weight | None:
    """A starred banner, crossed-out keywords, or a reply that quotes a crossed-out command."""
    shown = [*_banner(case), *_keywords(case), *_commands(case)]
    if not shown:
        return case.said("middlebox-masks-ehlo")
    return strongest(Weight(CERTAIN if case.failed else 0.5, tuple(shown)), case.said("middlebox-masks-ehlo"))


def _banner(case: Case) -> list[Evidence]:
    greeting = case.session.greeting
    return [of_reply(greeting)] if greeting and any(_STARS.match(line) for line in greeting.lines) else []


def _keywords(case: Case) -> list[Evidence]:
    return [of_reply(offer.reply, b"XXXX") for offer in case.offers if _has(offer.reply, _CROSSED)][:1]


def _commands(case: Case) -> list[Evidence]:
    replies = (exchange.reply for _, exchange in case.numbered[:64])
    return [of_reply(reply) for reply in replies if reply and reply.code >= 500 and _has(reply, _QUOTED)][:1]


def _has(reply: Reply, pattern: re.Pattern[bytes]) -> bool:
    return any(pattern.search(line) for line in reply.lines)
