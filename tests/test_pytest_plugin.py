"""The pytest plugin, as it is found where smtptrace is installed; each test runs pytest in a process of its own."""

from __future__ import annotations

import pytest

TRACE = """\
# session: 1
S: 220 mail.example ESMTP
C: EHLO app
S: 250-mail.example
S: 250 AUTH PLAIN
C: AUTH PLAIN AGFsaWNlAHNlY3JldA==
S: 235 2.7.0 accepted
C: MAIL FROM:<alice@own.example>
S: 250 2.1.0 OK
C: RCPT TO:<bob@other.example>
S: 250 2.1.5 OK
C: DATA
S: 354 go ahead
C: Subject: test
C: .
S: 250 2.0.0 queued
C: QUIT
S: 221 bye
"""
HEAD = """\
import smtplib
import pytest

def send(server):
    with smtplib.SMTP(server.host, server.port) as client:
        client.login("alice", "secret")
        client.sendmail("alice@own.example", ["bob@other.example"], "Subject: hi\\r\\n\\r\\n.text\\r\\n")

def stray(server):
    with smtplib.SMTP(server.host, server.port) as client:
        client.docmd("VRFY", "bob")
"""


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run pytest over a test file, warnings being errors."""
    pytester.makefile(".smtp", t=TRACE)

    def run(text: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(HEAD + text)
        return pytester.runpytest_subprocess("-W", "error", "--strict-markers", "-p", "no:cacheprovider", *options)

    return run


def test_a_client_that_keeps_to_the_script(run):
    """What it said is at hand: messages octet by octet, commands without secrets, logins."""
    found = run("""
@pytest.mark.smtptrace("t.smtp", strict=False)
def test_it(smtptrace_server):
    assert smtptrace_server.messages == ()
    send(smtptrace_server)
    (message,) = smtptrace_server.messages
    assert message.octets == b"Subject: hi\\r\\n\\r\\n.text\\r\\n"
    assert (message.reverse_path, message.forward_paths) == ("alice@own.example", ("bob@other.example",))
    assert message.accepted
    assert "AUTH PLAIN ****" in smtptrace_server.commands
    (login,) = smtptrace_server.logins
    assert (login.authcid, login.secret.reveal(), login.outcome.value) == ("alice", b"secret", "accepted")
    (received,) = smtptrace_server.received
    assert (received.tls, received.deviations, received.broken) == (False, (), "")
    assert smtptrace_server.deviations() == ()
    assert smtptrace_server.ca_file is None
""")
    found.assert_outcomes(passed=1)


def test_a_client_that_leaves_the_script_fails_the_test(run):
    """And the test that expects it says so."""
    found = run("""
@pytest.mark.smtptrace("t.smtp")
def test_fails(smtptrace_server):
    stray(smtptrace_server)

@pytest.mark.smtptrace("t.smtp")
def test_never_connects(smtptrace_server):
    pass

@pytest.mark.smtptrace("t.smtp", fail=False)
def test_passes(smtptrace_server):
    stray(smtptrace_server)
    assert "not recorded: VRFY bob" in smtptrace_server.deviations()[0]

@pytest.mark.smtptrace("t.smtp", strict=True, unrecorded="close")
def test_strict(smtptrace_server):
    with smtplib.SMTP(smtptrace_server.host, smtptrace_server.port) as client:
        assert client.docmd("EHLO other")[0] == 421
""")
    found.assert_outcomes(passed=1, failed=3)
    found.stdout.fnmatch_lines(["the client left the script:", "*not recorded: VRFY bob", "*never heard: EHLO"])
    found.stdout.fnmatch_lines(["*session 2: never played"])
    found.stdout.fnmatch_lines(["*not recorded: EHLO other"])


def test_a_test_that_fails_by_itself_fails_for_its_own_reason(run):
    """Nothing is added to it."""
    found = run("""
@pytest.mark.smtptrace("t.smtp")
def test_it(smtptrace_server):
    assert 1 == 2
""")
    found.assert_outcomes(failed=1)
    found.stdout.no_fnmatch_line("*left the script*")


def test_a_client_that_leaves_the_script_while_the_test_ends(run):
    """Is an error of the end."""
    found = run("""
@pytest.fixture
def client(smtptrace_server):
    with smtplib.SMTP(smtptrace_server.host, smtptrace_server.port) as client:
        yield client
        client.docmd("VRFY", "bob")

@pytest.mark.smtptrace("t.smtp")
def test_it(client):
    client.login("alice", "secret")
    client.sendmail("alice@own.example", ["bob@other.example"], "hi")
""")
    found.assert_outcomes(passed=1, errors=1)
    found.stdout.fnmatch_lines(["*not recorded: VRFY bob"])


def test_what_cannot_be(run):
    """Each misuse is an error of one line that says what to do."""
    found = run("""
def test_unmarked(smtptrace_server): pass

@pytest.mark.smtptrace
def test_unnamed(smtptrace_server): pass

@pytest.mark.smtptrace("t.smtp", bogus=1)
def test_unknown_option(smtptrace_server): pass

@pytest.mark.smtptrace("t.smtp", match="x")
def test_unknown_choice(smtptrace_server): pass

@pytest.mark.smtptrace("none.smtp")
def test_no_file(smtptrace_server): pass

@pytest.mark.smtptrace("t.smtp", sessions=["99"])
def test_no_session(smtptrace_server): pass
""")
    found.assert_outcomes(errors=6)
    found.stdout.fnmatch_lines(
        [
            "*name what is to be played*",
            "*name what is to be played*",
            "*unexpected keyword argument 'bogus'",
            "*'x': choose from order, helo, login",
            "*none.smtp: no such file or directory",
            "*no session in which*",
        ]
    )


def test_a_password_and_tls(run, pytester):
    """Challenges are made anew and checked, behind the authority of this run."""
    tls = TRACE.replace(
        "S: 250 AUTH PLAIN\n",
        "S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n# tls: opened=yes\nC: EHLO app\nS: 250-x\nS: 250 AUTH PLAIN\n",
        1,
    )
    pytester.makefile(".smtp", tls=tls)
    found = run("""
import ssl

@pytest.mark.parametrize("password", ["secret", "other"])
@pytest.mark.smtptrace("tls.smtp", password="secret")
def test_it(smtptrace_server, password):
    with smtplib.SMTP(smtptrace_server.host, smtptrace_server.port) as client:
        client.starttls(context=ssl.create_default_context(cafile=smtptrace_server.ca_file))
        client.login("alice", password)
        client.sendmail("alice@own.example", ["bob@other.example"], "hi")
    assert smtptrace_server.received[0].tls
""")
    found.assert_outcomes(passed=1, failed=1)
    found.stdout.fnmatch_lines(["*SMTPAuthenticationError: (535*"])


def test_a_recording_that_tls_hides(run, pytester):
    """Keys that lie beside the test open it."""
    from support.data import CAPTURES

    for suffix in (".pcapng", ".keys"):
        name = f"postfix-implicit-tls{suffix}"
        (pytester.path / name).write_bytes((CAPTURES / name).read_bytes())
    found = run("""
import ssl

@pytest.mark.smtptrace("postfix-implicit-tls.pcapng", keylog="postfix-implicit-tls.keys", fail=False)
def test_it(smtptrace_server):
    context = ssl.create_default_context(cafile=smtptrace_server.ca_file)
    with smtplib.SMTP_SSL(smtptrace_server.host, smtptrace_server.port, context=context) as client:
        assert client.ehlo()[0] == 250
""")
    found.assert_outcomes(passed=1)


def test_nothing_is_loaded_before_it_is_needed(run):
    """A run of pytest that does not use it pays nothing for it."""
    found = run("""
import sys

def test_it():
    assert {name for name in sys.modules if name.startswith("smtptrace.")} == {"smtptrace.pytest_plugin"}
""")
    found.assert_outcomes(passed=1)


def test_it_introduces_itself(run):
    """Marker and fixture are told."""
    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.smtptrace(recording, *"])
    run("", "--fixtures").stdout.fnmatch_lines(["smtptrace_server -- *"])


def test_it_can_be_left_out(run):
    """As every plugin."""
    text = "def test_it(request): assert not request.config.pluginmanager.has_plugin('smtptrace')"
    run(text, "-p", "no:smtptrace").assert_outcomes(passed=1)
