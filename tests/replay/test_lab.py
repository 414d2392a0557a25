"""Our own recordings, played again at the real servers of the lab: the same verdicts step by step."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
import spnego
from aiosmtpd.smtp import AuthResult
from lab import aiosmtpd_server
from lab.accounts import ALICE, GOOD_TOKEN
from support.command import Command
from support.data import CAPTURES

from smtptrace.trace import Options, read

pytestmark = pytest.mark.lab

RECORDINGS = {
    "exim-bdat": "exim",
    "exim-ipv6": "exim",
    "exim-nc-backspaces": "exim",
    "exim-telnet-backspaces": "exim",
    "exim-pipelining": "exim",
    "exim-ntlm-accepted": "exim",
    "exim-starttls-login": "exim",
    "cyrus-ntlm-accepted": "cyrus",
    "postfix-bulk-mail": "open",
    "postfix-monitoring": "dovecot",
    "postfix-cram-md5-accepted": "dovecot",
    "postfix-digest-md5-cancelled": "dovecot",
    "postfix-implicit-tls": "tls",
    "postfix-login-accepted": "dovecot",
    "postfix-plain-accepted": "dovecot",
    "postfix-recipient-refused": "dovecot",
    "postfix-scram-sha-256-accepted": "dovecot",
    "postfix-oauthbearer-refused": "dovecot",
    "postfix-login-refused": "dovecot",
    "exim-ntlm-refused": "exim",
    "postfix-starttls-refused": "open",
}
WRONG = {"postfix-login-refused", "exim-ntlm-refused", "postfix-oauthbearer-refused"}
NOT_REPLAYED = {
    "connection-refused": "nobody answers, so there is nothing to say again",
    "silent-server": "the server never greets, so there is nothing to say again",
    "exim-relay-to-postfix": "two sessions with two servers of two kinds",
    "postfix-gssapi-accepted": "a Kerberos login is not made",
}


@pytest.fixture
def ports(exim_server, postfix_server):
    return {
        "exim": exim_server.port,
        "dovecot": postfix_server.port,
        "cyrus": postfix_server.cyrus_port,
        "tls": postfix_server.tls_port,
        "open": postfix_server.open_port,
    }


def arguments(name: str, port: int, authority: Path) -> list[object]:
    """How a recording is replayed; Exim knows only the first version of NTLM."""
    keys = CAPTURES / f"{name}.keys"
    options: list[object] = ["--keylog", keys] if keys.exists() else []
    options += ["--ntlm-v1"] if name.startswith("exim-ntlm") else []
    return ["replay", "--all", CAPTURES / f"{name}.pcapng", f"localhost:{port}", "--ca-file", authority, *options]


@pytest.mark.parametrize(("name", "kind"), RECORDINGS.items(), ids=RECORDINGS)
def test_a_recording_meets_the_same_replies(
    smtptrace: Command, monkeypatch, ports, lab_certificates, tmp_path, name: str, kind: str
) -> None:
    """Each step gets the code of the recording, and the content that was sent is that of the recording."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "wrong" if name in WRONG else ALICE)
    monkeypatch.setenv("SMTPTRACE_TOKEN", "wrong")
    saved = tmp_path / "run.pcapng"
    said = smtptrace(
        *arguments(name, ports[kind], lab_certificates.authority), "--json", "--exact-content", "--save", saved
    )
    outcomes = said.objects("replay")
    assert [(each["verdict"], each["first_difference"]) for each in outcomes] == [("same", None)] * len(outcomes), said
    assert said.code == 0
    if "backspaces" not in name:  # its message is mended, as its commands are
        assert digests(saved) == digests(CAPTURES / f"{name}.pcapng")


def digests(path: Path) -> list[str | None]:
    """The digests of all messages of a recording, in the order sent."""
    keys = path.with_suffix(".keys")
    options = Options(keep_content=True, keylog=str(keys) if keys.exists() else None)
    contents = [each.content for trace in read(str(path), options) for each in trace.session.transactions]
    return [each.data and hashlib.sha256(each.data).hexdigest() for each in contents if each]


def test_every_recording_is_replayed_or_it_is_said_why_not() -> None:
    """No recording is forgotten."""
    assert {path.stem for path in CAPTURES.glob("*.pcapng")} == RECORDINGS.keys() | NOT_REPLAYED.keys()


MECHANISMS = [
    ("exim", "PLAIN"),
    ("exim", "LOGIN"),
    ("exim", "CRAM-MD5"),
    ("exim", "NTLM"),
    ("dovecot", "PLAIN"),
    ("dovecot", "LOGIN"),
    ("dovecot", "CRAM-MD5"),
    ("dovecot", "DIGEST-MD5"),
    ("dovecot", "SCRAM-SHA-1"),
    ("dovecot", "SCRAM-SHA-256"),
    ("dovecot", "XOAUTH2"),
    ("dovecot", "OAUTHBEARER"),
    ("cyrus", "NTLM"),
    ("cyrus", "PLAIN"),
]


@pytest.mark.parametrize(("kind", "mechanism"), MECHANISMS, ids="-".join)
def test_each_mechanism_logs_in(smtptrace: Command, monkeypatch, ports, lab_certificates, kind, mechanism) -> None:
    """Another mechanism than the recorded one is accepted where the credentials are right, and refused where not."""
    fixed = [
        "replay",
        CAPTURES / "postfix-login-accepted.pcapng",
        f"localhost:{ports[kind]}",
        "--json",
        "--until",
        "auth",
    ]
    options = ["--auth", mechanism, "--ca-file", lab_certificates.authority]
    options += ["--ntlm-v1"] if (kind, mechanism) == ("exim", "NTLM") else []
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    monkeypatch.setenv("SMTPTRACE_TOKEN", GOOD_TOKEN)
    said = smtptrace(*fixed, *options)
    assert (said.code, last_code(said)) == (0, 235), said
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "wrong")
    monkeypatch.setenv("SMTPTRACE_TOKEN", "wrong")
    said = smtptrace(*fixed, *options)
    assert (said.code, last_code(said)) == (1, 535), said
    assert said.objects("replay")[0]["first_difference"] == 3


def last_code(said) -> int:
    return said.objects("replay")[0]["steps"][-1]["received"]["code"]


class NtlmAcceptor(aiosmtpd_server.Keeper):
    """Takes NTLM by pyspnego: version 2 with target info."""

    async def auth_NTLM(self, server, args):
        context = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        await server.push("334 ntlm supported")
        await server.push("334 " + base64.b64encode(context.step(await response(server))).decode())
        try:
            context.step(await response(server))
        except spnego.exceptions.SpnegoError:
            await server.push("535 5.7.3 Authentication unsuccessful")
            return AuthResult(success=False, handled=True)
        return AuthResult(success=True, auth_data=context.client_principal)


async def response(server) -> bytes:
    return base64.b64decode((await server._reader.readline()).strip())


@pytest.mark.parametrize(("password", "code"), [(ALICE, 235), ("wrong", 535)])
def test_ntlm_v2_with_target_info(smtptrace: Command, monkeypatch, tmp_path, password: str, code: int) -> None:
    """The acceptor of pyspnego wants the second version, and gets it."""
    users = tmp_path / "users"
    users.write_text(f"EXAMPLE:alice:{ALICE}\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    monkeypatch.setenv("SMTPTRACE_PASSWORD", password)
    source = CAPTURES / "cyrus-ntlm-accepted.pcapng"
    with aiosmtpd_server.running(NtlmAcceptor()) as server:
        said = smtptrace(
            "replay", source, f"localhost:{server.port}", "--json", "--until", "auth", "--user", r"EXAMPLE\alice"
        )
    assert last_code(said) == code, said


def test_a_login_over_starttls(smtptrace: Command, monkeypatch, ports, lab_certificates) -> None:
    """STARTTLS and the EHLO after it are put into a session that was in clear."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    source = CAPTURES / "postfix-login-accepted.pcapng"
    options = ["--tls", "starttls", "--ca-file", lab_certificates.authority, "--json"]
    (outcome,) = smtptrace("replay", source, f"localhost:{ports['dovecot']}", *options).objects("replay")
    assert outcome["verdict"] == "same"
    assert outcome["tls"]["version"] == "TLSv1.3"
    assert [each["verb"] for each in outcome["steps"]][:5] == [None, "EHLO", "STARTTLS", "EHLO", "AUTH"]


def test_the_certificate_is_verified(smtptrace: Command, monkeypatch, ports) -> None:
    """Without the authority the run ends at STARTTLS, and nothing is said in clear instead."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    source = CAPTURES / "exim-starttls-login.pcapng"
    keys = CAPTURES / "exim-starttls-login.keys"
    said = smtptrace("replay", source, f"localhost:{ports['exim']}", "--keylog", keys, "--json")
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["verdict"]) == (4, "broken")
    assert outcome["steps"][2]["verb"] == "STARTTLS"
    assert "certificate does not verify" in outcome["steps"][2]["detail"]


def test_a_wrong_password_is_diagnosed_on_the_saved_run(smtptrace: Command, monkeypatch, ports, tmp_path) -> None:
    """The difference is at AUTH, and `diagnose` names the cause on what was saved, in both forms."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "wrong")
    source = CAPTURES / "postfix-login-accepted.pcapng"
    for name in ("run.pcapng", "run.smtp"):
        saved = tmp_path / name
        said = smtptrace("replay", source, f"localhost:{ports['dovecot']}", "--save", saved, "--json")
        assert (said.code, said.objects("replay")[0]["first_difference"]) == (1, 3)
        assert saved.stat().st_mode & 0o777 == 0o600
        causes = smtptrace("diagnose", "--json", saved).objects("diagnosis")[0]["causes"]
        assert causes[0]["class"] == "wrong-credentials"


def test_what_the_server_stored(smtptrace: Command) -> None:
    """The message has its octets; with fresh fields it differs in these alone."""
    source = CAPTURES / "postfix-recipient-refused.pcapng"
    (original,) = (
        each.content.data for each in next(iter(read(str(source), Options(keep_content=True)))).session.transactions
    )
    with aiosmtpd_server.running() as server:
        for options in (["--exact-content"], []):
            smtptrace("replay", source, f"localhost:{server.port}", *options)
        exact, fresh = server.handler.messages
    assert exact == original
    assert fresh.startswith(b"X-Smtptrace-Replay: yes\r\nDate: ")
    assert fresh.partition(b"\r\n\r\n")[2] == original.partition(b"\r\n\r\n")[2]
