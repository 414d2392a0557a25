"""What `relay-test` does: refuse, or run the tests."""

from __future__ import annotations

from typing import Any

import click

from smtptrace import net
from smtptrace.cli._replay_login import Given, logins
from smtptrace.errors import UsageError
from smtptrace.replay.plan import Permission, plain_auth_allowed, refusals
from smtptrace.replay.player import Rules
from smtptrace.replay.relay import Addresses, Answer, cases, run_cases, script_for
from smtptrace.replay.run import Secure
from smtptrace.replay.script import LoginAs
from smtptrace.replay.send import send, where

_PORT = 25


def addresses(options: dict[str, Any]) -> Addresses:
    """Whom to test with; the recipients stand in for senders that are not named."""
    internal, external = options["internal"], options["external"]
    return Addresses(internal, external, options["own"] or internal, options["foreign"] or external)


def answers(target: str, who: Addresses, options: dict[str, Any]) -> tuple[str, tuple[Answer, ...]]:
    """The target as named, and what came of each test.

    Raises:
        UsageError: something stands against it; nothing was sent.
    """
    endpoint = net.endpoint(target, _PORT)
    names = ("ca_file", "insecure", "certificate", "key", "least", "most")
    context = net.client_context(**{name: options[name] for name in names}, keylog=options["write_keylog"])
    secure = Secure(context, options["sni"] or endpoint.host)
    how = LoginAs(options["mechanism"].upper(), options["user"], initial=options["mechanism"].upper() != "LOGIN")
    asked = cases(login=bool(options["user"]))
    scripts = {
        case: script_for(case, who, options["helo"], how, options["tls"], content=options["content"]) for case in asked
    }
    place = where(endpoint, secure, bind=options["bind"], timeout_s=options["timeout_s"])
    # The recipients were named by the user for this very test, and the tests are the cap on messages.
    allowed = Permission(options["send"], rewritten=True, plain_auth=options["plain_auth"], messages=len(asked))
    found = refusals(list(scripts.values()), place.target, allowed)
    for text in found:
        click.echo(f"refused: {text}", err=True)
    if found:
        raise UsageError("nothing was sent; the lines above say why")
    given = logins(list(scripts.values()), endpoint, Given(descriptor=options["password_fd"]))
    rules = Rules(given, plain_auth_allowed(place.target, allowed), timeout_s=options["timeout_s"])
    return str(place.target), run_cases(asked, scripts.__getitem__, lambda script: send(script, place, rules))
