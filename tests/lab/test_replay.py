"""Replay at the real servers of the lab: every mechanism, TLS, headers of a proxy, LMTP."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from support.command import Command, Said
from support.data import CAPTURES

from lab import aiosmtpd_server, recorder
from lab.accounts import ALICE, GOOD_TOKEN
from smtptrace.trace import Options, read

pytestmark = pytest.mark.lab

LOGIN = CAPTURES / "postfix-login-accepted.pcapng"
SESSION = """\
# session: 1
S: 220 mail.lab.test ESMTP
C: EHLO client.example
S: 250-mail.lab.test
S: 250 AUTH LOGIN PLAIN
C: AUTH {mechanism}{initial}
S: 235 2.7.0 welcome
C: QUIT
S: 221 bye
"""
ALICE_64 = base64.b64encode(b"alice").decode()

MECHANISMS = [
    *(("exim", mechanism, ()) for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5")),
    ("exim", "NTLM", ("--ntlm-v1",)),
    *(
        ("dovecot", mechanism, ())
        for mechanism in (
            *("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"),
            *("XOAUTH2", "OAUTHBEARER"),
        )
    ),
    *(
        ("cyrus", mechanism, ())
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "NTLM")
    ),
    ("cyrus", "NTLM", ("--ntlm-v1",)),
    ("aiosmtpd", "PLAIN", ()),
    ("aiosmtpd", "LOGIN", ()),
    ("aiosmtpd", "XOAUTH2", ()),
    ("aiosmtpd", "NTLM", ("--user", r"EXAMPLE\alice")),
]
CAUSES = {"XOAUTH2": "oauth-token-invalid", "OAUTHBEARER": "oauth-token-invalid"}
"""What `diagnose` says of a wrong secret, where it is not the password."""


@pytest.fixture
def ports(exim_server, postfix_server, tmp_path):
    """The servers by the SASL they have."""
    users = aiosmtpd_server.ntlm_users(tmp_path, "EXAMPLE")
    with users, aiosmtpd_server.running(aiosmtpd_server.Acceptor()) as server:
        yield {
            "exim": exim_server.port,
            "dovecot": postfix_server.port,
            "cyrus": postfix_server.cyrus_port,
            "aiosmtpd": server.port,
        }


def last(said: Said) -> tuple[int, int]:
    """The exit code, and the code of the last reply."""
    return said.code, said.objects("replay")[0]["steps"][-1]["received"]["code"]


@pytest.mark.parametrize(("kind", "mechanism", "options"), MECHANISMS, ids="".join)
def test_each_mechanism_logs_in(smtptrace: Command, monkeypatch, ports, tmp_path, kind, mechanism, options) -> None:
    """With the right secret; with a wrong one the difference is at AUTH, and `diagnose` on the saved run names it."""
    words = ["replay", LOGIN, f"localhost:{ports[kind]}", "--json", "--until", "auth", "--auth", mechanism, *options]
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    monkeypatch.setenv("SMTPTRACE_TOKEN", GOOD_TOKEN)
    said = smtptrace(*words)
    assert last(said) == (0, 235), said
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "wrong")
    monkeypatch.setenv("SMTPTRACE_TOKEN", "wrong")
    saved = tmp_path / "run.pcapng"
    said = smtptrace(*words, "--save", saved)
    assert last(said) == (1, 535), said
    assert said.objects("replay")[0]["first_difference"] == 3
    causes = [each["class"] for each in smtptrace("diagnose", "--json", saved).objects("diagnosis")[0]["causes"]]
    assert causes[0] == CAUSES.get(mechanism, "wrong-credentials")


@pytest.mark.parametrize("initial", ["", f" {ALICE_64}"])
@pytest.mark.parametrize("kind", ["exim", "dovecot", "cyrus"])
def test_both_forms_of_login(smtptrace: Command, monkeypatch, ports, tmp_path: Path, kind: str, initial: str) -> None:
    """The name on the line of AUTH or after its prompt, as it was recorded."""
    source = tmp_path / "login.smtp"
    asked = f"LOGIN\nS: 334 VXNlcm5hbWU6\nC: {ALICE_64}\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0"
    at_once = f"LOGIN{initial}\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0"
    source.write_text(SESSION.format(mechanism=at_once if initial else asked, initial=""))
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    said = smtptrace("replay", source, f"localhost:{ports[kind]}", "--json")
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["verdict"]) == (0, "same"), said
    assert outcome["steps"][2]["sent"] == "AUTH LOGIN **** ****"


def test_a_ticket_logs_in(smtptrace: Command, monkeypatch, postfix_server, realm) -> None:
    """GSSAPI with alice's ticket, on the line of AUTH and after an empty challenge; nobody is asked for a password."""
    pytest.importorskip("gssapi", reason="pip builds gssapi for this Python only with a compiler and libkrb5-dev")
    for name, value in realm.env.items():
        monkeypatch.setenv(name, value)
    target = f"localhost:{postfix_server.port}"
    for source in ("postfix-gssapi-accepted", "postfix-login-accepted"):
        words = ["replay", CAPTURES / f"{source}.pcapng", target, "--json", "--until", "auth", "--auth", "GSSAPI"]
        assert last(smtptrace(*words)) == (0, 235)
    said = smtptrace(*words, "--user", "bob")
    assert (said.code, "alice" in said.out) == (1, False)


def test_no_ticket(smtptrace: Command, monkeypatch, postfix_server, realm, tmp_path: Path) -> None:
    """Kerberos' own words stand at AUTH, of which nothing was sent; so for a server without a key."""
    pytest.importorskip("gssapi", reason="pip builds gssapi for this Python only with a compiler and libkrb5-dev")
    for name, value in (realm.env | {"KRB5CCNAME": str(tmp_path / "none")}).items():
        monkeypatch.setenv(name, value)
    source = CAPTURES / "postfix-gssapi-accepted.pcapng"
    said = smtptrace("replay", source, f"localhost:{postfix_server.port}", "--json")
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["first_difference"], outcome["steps"][2]["sent"]) == (1, 3, None)
    assert "No Kerberos credentials" in outcome["steps"][2]["detail"]
    monkeypatch.setenv("KRB5CCNAME", realm.env["KRB5CCNAME"])
    said = smtptrace("replay", source, f"localhost:{postfix_server.port}", "--json", "--sni", "unknown.lab.test")
    assert "not found in Kerberos database" in said.objects("replay")[0]["steps"][2]["detail"]


@pytest.mark.parametrize("target", ["[::1]", "127.0.0.1"])
def test_both_families_of_addresses(smtptrace: Command, exim_server, target: str) -> None:
    """The address that is named is the one that is connected to."""
    source = CAPTURES / "exim-ipv6.pcapng"
    (outcome,) = smtptrace("replay", source, f"{target}:{exim_server.port}", "--json").objects("replay")
    assert (outcome["verdict"], outcome["target"]) == ("same", f"{target}:{exim_server.port}")


def test_a_login_over_starttls(smtptrace: Command, monkeypatch, ports, lab_certificates) -> None:
    """STARTTLS and the EHLO after it are put into a session that was in clear."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    options = ["--tls", "starttls", "--ca-file", lab_certificates.authority, "--json"]
    (outcome,) = smtptrace("replay", LOGIN, f"localhost:{ports['dovecot']}", *options).objects("replay")
    assert outcome["verdict"] == "same"
    assert outcome["tls"]["version"] == "TLSv1.3"
    assert [each["verb"] for each in outcome["steps"]][:5] == [None, "EHLO", "STARTTLS", "EHLO", "AUTH"]


def test_the_certificate_is_verified(smtptrace: Command, monkeypatch, ports) -> None:
    """Without the authority the run ends at STARTTLS, and nothing is said in clear instead."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    source = CAPTURES / "exim-starttls-login.pcapng"
    said = smtptrace("replay", source, f"localhost:{ports['exim']}", "--keylog", source.with_suffix(".keys"), "--json")
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["verdict"]) == (4, "broken")
    assert outcome["steps"][2]["verb"] == "STARTTLS"
    assert "certificate does not verify" in outcome["steps"][2]["detail"]


def test_a_saved_run_in_both_forms(smtptrace: Command, monkeypatch, ports, tmp_path) -> None:
    """`diagnose` names the cause on what was saved, which is for our eyes alone."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "wrong")
    for name in ("run.pcapng", "run.smtp"):
        saved = tmp_path / name
        said = smtptrace("replay", LOGIN, f"localhost:{ports['dovecot']}", "--save", saved, "--json")
        assert (said.code, said.objects("replay")[0]["first_difference"]) == (1, 3)
        assert saved.stat().st_mode & 0o777 == 0o600
        causes = smtptrace("diagnose", "--json", saved).objects("diagnosis")[0]["causes"]
        assert causes[0]["class"] == "wrong-credentials"


def test_fresh_fields(smtptrace: Command) -> None:
    """The message that arrives has its octets; with fresh fields it differs in these alone."""
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


def test_the_keys_of_a_run_open_its_recording(
    smtptrace: Command, monkeypatch, ports, lab_certificates, tmp_path
) -> None:
    """What dumpcap saw of the run is the run that was saved, once the keys are given."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    keys, saved, capture = tmp_path / "keys", tmp_path / "run.pcapng", tmp_path / "seen.pcapng"
    options = ["--tls", "starttls", "--ca-file", lab_certificates.authority, "--write-keylog", keys, "--save", saved]
    with recorder.recording(capture, ports["dovecot"]):
        assert smtptrace("replay", LOGIN, f"localhost:{ports['dovecot']}", *options).code == 0
    told = [
        [
            (each["verb"], each["code"])
            for each in smtptrace("list", "--json", *words).objects("session")[0]["exchanges"]
        ]
        for words in ([saved], [capture, "--keylog", keys])
    ]
    assert told[0] == told[1]
    assert ("DATA", 250) in told[0]
