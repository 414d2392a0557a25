"""A target of `replay` with all that holds there: the way to it, what is permitted, and whose secret is given to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from smtptrace import net
from smtptrace.cli._replay_login import Given, logins
from smtptrace.cli._replay_scripts import environment_of
from smtptrace.net import WireError
from smtptrace.replay.compare import compared
from smtptrace.replay.forwarded import proxy_header
from smtptrace.replay.plan import Permission, Target, may_go, plain_auth_allowed, refusals
from smtptrace.replay.player import Rules
from smtptrace.replay.report import Result
from smtptrace.replay.run import Secure
from smtptrace.replay.script import Script
from smtptrace.replay.send import Where, begin, where
from smtptrace.wire import Endpoint

PORT = 25
FIRST_EPHEMERAL = 49152
"""The port of a client of which only the address is given."""


@dataclass(frozen=True, slots=True)
class Site:
    """One target; `options` are those of the command as they hold there, `secrets` those of the trace."""

    place: Where
    options: Mapping[str, Any]
    second: bool = False

    def refusals(self, scripts: Sequence[Script], secrets: frozenset[bytes]) -> tuple[str, ...]:
        """Why nothing may be sent there."""
        return refusals(scripts, self.place.target, self._allowed(secrets))

    def _allowed(self, secrets: frozenset[bytes]) -> Permission:
        options = self.options
        return Permission(
            send=options["send"],
            recipients=options["recipients"],
            rewritten=bool(options["to"]),
            plain_auth=options["plain_auth"],
            messages=options["max_messages"],
            ambiguous=options["ambiguous"],
            secrets=frozenset() if options["recorded"] else secrets,
        )

    def may_tell(self, path: bytes) -> bool:
        """Whether what becomes of a message may be told to this address."""
        return self.place.target.loopback or self._allowed(frozenset()).may_have(path)

    def rules(self, scripts: Sequence[Script]) -> Rules:
        """How to play the scripts there; asks for the secret where one is needed."""
        options = self.options
        end = self.place.target.endpoint
        source = Given(
            options["user"],
            options["password_fd"],
            options["recorded"],
            options["password_env"],
            options["token_env"],
            options["prompt"],
        )
        given = logins(scripts, Endpoint(options["sni"] or end.host, end.port), source, second=self.second)
        allowed, target = self._allowed(frozenset()), self.place.target
        return Rules(
            given,
            plain_auth_allowed(target, allowed),
            options["force_auth"],
            options["timeout_s"],
            options["pace"],
            lambda line: may_go(line, target, allowed),
            environment_of(scripts, second=self.second),
        )

    def begin(self, script: Script, rules: Rules) -> Callable[[], Result]:
        """Connect; what is given plays one script there, once, and compares."""
        run = begin(self._proxied(script), self.place, rules)

        def result() -> Result:
            played = run()
            return Result(script, self.place.target, played, compared(script, played, self.options["match"]))

        return result

    def _proxied(self, script: Script) -> Script:
        version = self.options["proxy"]
        if not version or not self.place.addresses:
            return script
        server = Endpoint(self.place.addresses[0], self.place.target.endpoint.port)
        return replace(script, preamble=proxy_header(version, client_of(script, self.options), server))


def client_of(script: Script, options: Mapping[str, Any]) -> Endpoint:
    """Who the client is said to be: the one given, else the recorded one."""
    if options["client"]:
        return net.endpoint(options["client"], FIRST_EPHEMERAL)
    return script.seen.client or Endpoint("", 0)


def site(text: str, options: Mapping[str, Any], *, second: bool = False) -> Site:
    """The target that a text names.

    Raises:
        WireError: its name cannot be resolved; a dry run does without.
    """
    endpoint = net.endpoint(text, PORT)
    names = ("ca_file", "insecure", "certificate", "key", "least", "most")
    context = net.client_context(**{name: options[name] for name in names}, keylog=options["write_keylog"])
    secure = Secure(context, options["sni"] or endpoint.host)
    try:
        place = where(endpoint, secure, bind=options["bind"], timeout_s=options["timeout_s"])
    except WireError:
        if not options["dry_run"]:
            raise
        place = Where(Target(endpoint, loopback=False), (), secure)
    return Site(place, options, second)
