"""A script that a person wrote, at a real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Command

from lab.accounts import ALICE

pytestmark = pytest.mark.lab

SCRIPT = """\
# session: a script
C: EHLO client.lab.example
# login: alice
C: AUTH PLAIN ${env:LAB_PASSWORD}
# expect: 235
C: MAIL FROM:<alice@lab.test>
# expect: 250|251 2.1.x
C: RCPT TO:<${TO}>
# expect: 2xx
C: DATA
C: Subject: to ${TO}
C:
C: for ${name}
C: .
# expect: 250 text=queued as
# set: QUEUEID from "queued as (\\w+)"
C: NOOP ${QUEUEID}
# expect: 250
C: QUIT
"""


def test_a_script_once_a_row(smtptrace: Command, monkeypatch, postfix_server, tmp_path: Path) -> None:
    """With a secret of the environment, a value of each row, and one of a reply."""
    script, rows, saved = tmp_path / "a.smtp", tmp_path / "rows.csv", tmp_path / "run.pcapng"
    script.write_text(SCRIPT)
    rows.write_text("TO,name\nalice@lab.test,Ann\nbob@lab.test,Bob\n")
    target = f"localhost:{postfix_server.port}"
    monkeypatch.setenv("LAB_PASSWORD", ALICE)
    said = smtptrace("replay", script, target, "--data", rows, "--json", "--save", saved)
    assert said.code == 0, said
    one, two = said.objects("replay")
    assert [each["verdict"] for each in (one, two)] == ["same", "same"]
    assert one["steps"][-2]["sent"].startswith("NOOP ")
    assert one["steps"][-2]["sent"] != two["steps"][-2]["sent"]
    assert ALICE not in said.out
    found = smtptrace("list", "--json", saved).objects("session")
    assert [each["transactions"][0]["forward_paths"][0]["address"] for each in found] == [
        "alice@lab.test",
        "bob@lab.test",
    ]
    monkeypatch.setenv("LAB_PASSWORD", "wrong-one")
    said = smtptrace("replay", script, target, "--set", "TO=alice@lab.test", "--set", "name=x", "--json")
    assert (said.code, said.objects("replay")[0]["first_difference"]) == (1, 3)
