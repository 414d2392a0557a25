"""What the three NTLM messages of one exchange say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smtptrace.auth import _ntlm_message, _ntlm_names, _ntlm_response
from smtptrace.auth._credential import Exposure
from smtptrace.auth._ntlm_message import AUTHENTICATE, CHALLENGE, NEGOTIATE, NtlmMessage
from smtptrace.auth._ntlm_response import Response
from smtptrace.auth._reading import Reading
from smtptrace.secret import Masked, Secret

_SKEW_NS = 300 * 10**9
"""Five minutes: what Kerberos bears, and more than a clock that is set should be off."""


@dataclass(slots=True)
class NtlmTalk:
    """The messages of one exchange, the last of each type; `order` has the types as they came."""

    negotiate: NtlmMessage | None = None
    challenge: NtlmMessage | None = None
    authenticate: NtlmMessage | None = None
    order: tuple[int, ...] = ()

    @property
    def response(self) -> Response | None:
        """The proofs of the client, None where it gave none."""
        return None if self.authenticate is None else _ntlm_response.response_of(self.authenticate)

    @property
    def server_challenge(self) -> bytes:
        """The server's eight octets, empty where they are not here."""
        return self.challenge.get("server-challenge") if self.challenge else b""

    @property
    def target_pairs(self) -> tuple[_ntlm_message.Pair, ...]:
        """What the server says of itself."""
        return _ntlm_message.pairs(self.challenge.get("target-info"))[0] if self.challenge else ()


def talk_of(messages: list[NtlmMessage]) -> NtlmTalk:
    """The messages in the order they were sent, sorted by their type."""
    last = {message.type: message for message in messages if message.type is not None}
    order = tuple(message.type for message in messages if message.type is not None)
    return NtlmTalk(last.get(NEGOTIATE), last.get(CHALLENGE), last.get(AUTHENTICATE), order)


def read(talk: NtlmTalk, *, accepted: bool, time_ns: int | None) -> Reading:
    """Who it was, what was proved and how, what both sides tell of themselves, and what is wrong."""
    reading = Reading(details=_details(talk, time_ns), exposure=Exposure.NONE)
    message, response = talk.authenticate, talk.response
    if message is not None and response is not None:
        reading.authcid, reading.domain = message.text("user") or None, message.text("domain")
        proof = response.nt or response.lm
        reading.secret = Secret(proof) if any(proof) else None
        reading.exposure = response.exposure
    reading.problems = tuple(dict.fromkeys(_problems(talk, reading, accepted=accepted)))
    return reading


def summary(message: NtlmMessage) -> Masked:
    """One message in words on one line; the proofs are parts of their own."""
    kind = _ntlm_message.TYPES.get(message.type or 0, "message of an unknown type")
    version = _ntlm_names.version_text(message.get("version"))
    said = f"NTLM {kind}" + (f", {version}" if version else "")
    if message.type == CHALLENGE:
        names = {pair.number: pair.text for pair in _ntlm_message.pairs(message.get("target-info"))[0]}
        host = names.get(3) or names.get(1)
        return (said + _named(" from", message.text("target-name")) + _named(", host", host),)
    if message.type == AUTHENTICATE:
        response = _ntlm_response.response_of(message)
        who = "\\".join(filter(None, (message.text("domain"), message.text("user")))) or "nobody"
        proof = response.nt or response.lm
        head = f"{said}: {who}" + _named(" at", message.text("workstation")) + f", {response.kind}"
        return (f"{head} ", Secret(proof)) if proof else (head,)
    return (said + _named(", workstation", message.text("workstation")) + _named(", domain", message.text("domain")),)


def _named(what: str, value: str | None) -> str:
    return f"{what} {value}" if value else ""


def _details(talk: NtlmTalk, time_ns: int | None) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if talk.negotiate:
        facts |= _negotiate_facts(talk.negotiate)
    if talk.challenge:
        facts |= _challenge_facts(talk, time_ns)
    if talk.authenticate:
        facts |= _authenticate_facts(talk.authenticate, _ntlm_response.response_of(talk.authenticate))
    return {name: value for name, value in facts.items() if value not in (None, "", [])}


def _negotiate_facts(message: NtlmMessage) -> dict[str, Any]:
    return {
        "client_version": _ntlm_names.version_text(message.get("version")),
        "negotiate_flags": _ntlm_names.flag_names(message.flags or 0),
        "negotiate_domain": message.text("domain"),
        "negotiate_workstation": message.text("workstation"),
    }


def _challenge_facts(talk: NtlmTalk, time_ns: int | None) -> dict[str, Any]:
    assert talk.challenge is not None
    pairs = {pair.number: pair for pair in talk.target_pairs}
    clock = _ntlm_names.filetime_ns(pairs[7].octets) if 7 in pairs else None
    return {
        "server_version": _ntlm_names.version_text(talk.challenge.get("version")),
        "challenge_flags": _ntlm_names.flag_names(talk.challenge.flags or 0),
        "target": talk.challenge.text("target-name"),
        "server": {pair.name.removeprefix("MsvAv"): pair.text for pair in pairs.values() if 1 <= pair.number <= 5},
        "server_time": None if clock is None else _ntlm_names.iso(clock),
        "skew_s": None if clock is None or time_ns is None else round((clock - time_ns) / 1e9, 3),
    }


def _authenticate_facts(message: NtlmMessage, response: Response) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "ntlm": response.kind,
        "workstation": message.text("workstation"),
        "client_version": _ntlm_names.version_text(message.get("version")),
        "authenticate_flags": _ntlm_names.flag_names(message.flags or 0),
        "lm": response.lm_kind,
        "nt_octets": len(response.nt),
        "session_key": bool(message.get("session-key")),
    }
    if response.kind == _ntlm_response.V2:
        binding = response.pair(10)
        facts |= {
            "mic": "present" if response.announces_mic and message.get("mic") else "absent",
            "channel_binding": "present" if any(binding) else "none" if binding else "absent",
            "spn": _ntlm_message.wide_text(response.pair(9)),
        }
        clock = _ntlm_names.filetime_ns(response.nt[24:32])
        facts["client_time"] = None if clock is None else _ntlm_names.iso(clock)
    return facts


def _problems(talk: NtlmTalk, reading: Reading, *, accepted: bool) -> list[str]:
    messages = [each for each in (talk.negotiate, talk.challenge, talk.authenticate) if each]
    found = [slug for message in messages for slug in message.problems]
    found += talk.response.problems if talk.response else ()
    client = [kind for kind in talk.order if kind != CHALLENGE]
    if client.count(NEGOTIATE) > 1:
        found.append("negotiate-twice")
    if client and client[0] == AUTHENTICATE:
        found.append("negotiate-missing")
    if talk.response and talk.response.announces_mic and talk.authenticate and not talk.authenticate.get("mic"):
        found.append("mic-missing")
    if abs(reading.details.get("skew_s", 0)) * 10**9 > _SKEW_NS:
        found.append("clock-skew")
    return found + (_name_problems(talk, reading) if not accepted else [])


def _name_problems(talk: NtlmTalk, reading: Reading) -> list[str]:
    """What may be wrong with the names, where the server said no."""
    user, domain = reading.authcid or "", reading.domain or ""
    if not user:
        return []
    if "\\" in user:
        return ["domain-inside-user"]
    if domain and "@" in user:
        return ["domain-and-address"]
    known = {pair.text.lower() for pair in talk.target_pairs if pair.number in (1, 2, 3, 4, 5)}
    if not domain:
        return ["missing-domain"] if known and "@" not in user else []
    return ["domain-unknown-to-server"] if known and domain.lower() not in known | {"."} else []
