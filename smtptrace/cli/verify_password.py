"""Tell whether a password is the one that was used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from smtptrace.auth import Verdict, Verification, strays_after, verify
from smtptrace.auth import verification_record as record
from smtptrace.cli._password import password_option, secret_from
from smtptrace.cli._reading import Run, reading_options, run_of
from smtptrace.outputs._text import visible
from smtptrace.trace import Trace

GROUP = "explain"

_PROOF = {
    Verdict.MATCHES: "matches",
    Verdict.DIFFERS: "differs",
    Verdict.NOT_PRESENT: "nothing to compare with",
    Verdict.TOO_COSTLY: "not computed: too many iterations",
}


@click.command("verify-password")
@reading_options
@password_option
def command(password_fd: int | None, **reading: Any) -> int:
    """Does a password that you own match what was sent? One password, tried over a fixed list of variants.

    Three facts for each attempt: does the proof match, over which identity, and what did the server say. The password
    is asked for, read from --password-fd, or taken from SMTPTRACE_PASSWORD; it is never an argument. Exit code 1
    where no attempt matches.

    \b
    smtptrace verify-password mail.pcapng
    smtptrace verify-password -s 7 --password-fd 3 mail.pcapng 3< password.txt
    """
    run = run_of(**reading)
    password = secret_from(password_fd).octets().decode("utf-8", "surrogateescape")
    matched = attempts = 0
    for trace, name in run.raw():
        for number, found in enumerate(_verified(trace, password), 1):
            attempts += 1
            matched += found.verdict is Verdict.MATCHES
            _say(run, trace, name, number, found)
    if not attempts:
        click.echo("smtptrace: no login was found", err=True)
    return run.finish() or (0 if matched else 1)


def _verified(trace: Trace, password: str) -> Iterator[Verification]:
    strays = strays_after(trace.session)
    for exchange in trace.session.authentications:
        yield verify(exchange, password, strays.get(id(exchange), ()))


def _say(run: Run, trace: Trace, name: str, number: int, found: Verification) -> None:
    if run.as_json:
        from smtptrace.outputs.jsonl import line

        place = {"source": trace.session.connection.origin.path, "id": name, "attempt": number}
        sys.stdout.buffer.write(line({"schema": "smtptrace.verify-password/1", **place, **record(found)}))
        sys.stdout.buffer.flush()
        return
    click.echo(f"session {visible(name)}, attempt {number}: {visible(found.mechanism)}")
    for text in _lines(found):
        click.echo(f"  {text}")


def _lines(found: Verification) -> Iterator[str]:
    yield f"proof:    {_PROOF[found.verdict]}{_proofs(found)}"
    if found.identity is not None:
        who = "\\".join(filter(None, (found.identity.domain, found.identity.user))) or "nobody"
        yield f"identity: {visible(who)}, {found.identity.how}"
    yield f"server:   {found.outcome.value}" + (f" ({found.code})" if found.code else "")
    yield found.meaning
    if found.hint:
        yield f"hint: {found.hint}"


def _proofs(found: Verification) -> str:
    """Which proofs hold, and what the client did to the password where one does."""
    each = ", ".join(f"{proof.name} {'yes' if proof.holds else 'no'}" for proof in found.proofs)
    variant = found.variant if found.verdict is Verdict.MATCHES and found.variant != "as given" else ""
    wrong = next((proof.how for proof in found.proofs if proof.holds), "")
    return (f" ({each})" if each else "") + "".join(f", {how}" for how in (variant, wrong) if how)
