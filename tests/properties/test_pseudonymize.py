"""A pseudonymised recording holds none of the names it had, and still shows what happened and why."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from properties.test_convert import OUTPUTS, recordings, verbs
from support.data import reference

from smtptrace.pseudonymize import LEVELS, Names, redacted
from smtptrace.redact import forms
from smtptrace.trace import Options, Reading, Trace

USERS = ("alice", "bob", "carol", "greylist", "nobody.such")
HOSTS = ("lab.test", "exim.lab.test", "postfix.lab.test", "client.test")


def names_of(name: str) -> set[str]:
    """The names of the lab, and what the truth of a recording calls secret."""
    truth = json.loads(reference("recordings", name.rsplit(".", 1)[0] + ".json").read_text())
    logins = [session.get("auth") or {} for session in truth.get("sessions", ())]
    secrets = {str(login[key]) for login in logins for key in ("password", "token") if login.get(key)}
    return {*USERS, *HOSTS, *secrets}


def read(path: Path) -> list[Trace]:
    return list(Reading((str(path),), Options(keep_events=True, keep_content=True)))


@pytest.mark.parametrize("form", ["smtp_text", "pcapng_file"])
@pytest.mark.parametrize("name", recordings())
def test_no_name_is_left_and_the_cause_is(name: str, form: str, tmp_path: Path) -> None:
    """In no encoding; verbs, codes and causes are those of the recording."""
    said = read(reference("recordings", name))
    stream, names = BytesIO(), Names()
    write = OUTPUTS[form].writer(stream)
    for trace in said:
        write(redacted(trace, "content", names)[0], "x")
    (tmp_path / "again").write_bytes(stream.getvalue())
    again = read(tmp_path / "again")
    assert [verbs(each) for each in again] == [verbs(each) for each in said]
    if form == "pcapng_file" or all(trace.session.octets[1] for trace in said):  # a text of one side is judged as kept
        assert causes(again) == causes(said)
    raw = stream.getvalue().lower()
    known = {form.lower() for each in names_of(name) for form in forms(each.encode()) if len(form) >= 4}
    assert not [form for form in known if form in raw]
    assert b"bob@" not in raw


def causes(traces: list[Trace]) -> list[list[str]]:
    return [[cause.slug for cause in trace.causes] for trace in traces]


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_hides_what_the_one_before_does(level: str) -> None:
    """Secrets always; names from people on; what a message says only at the last."""
    (trace,) = read(reference("recordings", "exim-raw-plain-ir.pcapng"))
    stream = BytesIO()
    OUTPUTS["smtp_text"].writer(stream)(redacted(trace, level, Names())[0], "x")
    text = stream.getvalue()
    assert b"AFNlY3JldDEyMyE" not in text
    assert (b"alice" in text) is (level == "secrets")
    assert (b"hello" in text) is (level != "content")
