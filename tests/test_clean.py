"""Sessions as they were meant."""

from __future__ import annotations

import json

import pytest
from support.connections import CLIENT, SERVER, START, dialogue, streams
from support.data import reference

from smtptrace import edits
from smtptrace.clean import clean, mended
from smtptrace.trace import Options, Reading
from smtptrace.transcripts import read
from smtptrace.transcripts.dialogue import write
from smtptrace.wire import Connection, Event, Exactness, Gap, GapReason, Octets, Secured, Side

GREETING = "S: 220 mx.test ESMTP"
EHLO = ("C: EHLO app01", "S: 250-mx.test", "S: 250 AUTH LOGIN PLAIN")


def said(*lines: str | Event) -> list[str]:
    """The cleaned dialogue, line by line, without its comments on the whole."""
    text = write(clean(dialogue(GREETING, *lines)).connection)
    return [
        line for line in text.splitlines() if not line.startswith(("# session", "# client", "# server", "# times"))
    ][1:]


def needs(*lines: str | Event) -> list[tuple[str, str]]:
    return [(need.name, need.what) for need in clean(dialogue(GREETING, *lines)).needs]


def test_typing_is_mended_and_said() -> None:
    """The line as it was meant, with what was typed beside it."""
    assert said("C: EHLI\x7fO app01", "S: 500 what?") == [
        "# note: mended; typed: EHLI\\x7fO app01",
        "C: EHLO app01",
        "S: 500 what?",
    ]


def test_a_binary_proxy_header_is_no_typing() -> None:
    """Its addresses may be the octets of editing keys (127.0.0.1 holds a DEL); what follows is mended."""
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\x9c\x40\0\x19"
    sent = Octets(Side.CLIENT, header + b"EHLO app10\x0801\r\n")
    talk = dialogue(GREETING, sent, "S: 250 mx.test", "C: QUIT", "S: 221 bye")
    text = write(clean(talk).connection)
    assert "C: EHLO app101" in text
    assert "QUIT\nS: 221" in text


def test_what_was_tried_again_is_dropped() -> None:
    """After an error of syntax any command of the kind counts, after another refusal the very same one."""
    assert said("C: MAIL FROM:alice", "S: 501 5.5.4 Invalid", "C: MAIL FROM:<alice@corp.test>", "S: 250 ok") == [
        "# note: dropped: MAIL FROM:alice was refused (501 5.5.4 Invalid) and tried again",
        "C: MAIL FROM:<alice@corp.test>",
        "S: 250 ok",
    ]
    kept = ["C: RCPT TO:<a@corp.test>", "S: 550 no", "C: RCPT TO:<b@corp.test>", "S: 250 ok"]
    assert said(*kept) == kept


def test_noise_is_dropped() -> None:
    """Lines that are no commands, and replies that nobody asked for."""
    assert said("C: ^[[A", "S: 500 what?", "C: NOOP", "S: 250 ok", "S: 421 too slow") == [
        "# note: dropped: no command: ^[[A was refused (500 what?)",
        "C: NOOP",
        "S: 250 ok",
        "# note: dropped: a reply that nobody asked for: 421 too slow",
    ]


def test_secrets_are_placeholders() -> None:
    """The user stays; the same user has the same placeholder."""
    lines = (
        *EHLO,
        "C: AUTH LOGIN",
        "S: 334 VXNlcm5hbWU6",
        "C: YWxpY2U=",
        "S: 334 UGFzc3dvcmQ6",
        "C: U2VjcmV0MTIzIQ==",
        "S: 235 ok",
    )
    text = said(*lines)
    assert text[3:] == [
        "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: YWxpY2U=", "S: 334 UGFzc3dvcmQ6", "C: ${PASSWORD}", "S: 235 ok"
    ]  # fmt: skip
    assert needs(*lines) == [("PASSWORD", "the password of alice (LOGIN)")]
    assert "C: AUTH PLAIN ${PASSWORD}" in said(*EHLO, "C: AUTH PLAIN AGFsaWNlAFNlY3JldDEyMyE=", "S: 235 ok")


def test_a_misspelt_login_does_not_tell_its_secret() -> None:
    """Whether it is kept or dropped."""
    for line in ("AUHT PLAIN {}", "AUTHPLAIN {}", "AUTH:PLAIN {}", "{}"):
        text = "\n".join(
            said(*EHLO, "C: " + line.format("AGFsaWNlAFNlY3JldDEyMyE="), "S: 500 what", "C: NOOP", "S: 250 ok")
        )
        assert "AGFsaWNl" not in text
        assert "C: NOOP" in text


def test_a_secret_that_a_reply_repeats_is_gone_too() -> None:
    """Some servers say what they could not decode."""
    text = "\n".join(
        said(*EHLO, "C: AUTH PLAIN AGFsaWNlAFNlY3JldDEyMyE=", "S: 501 cannot decode AGFsaWNlAFNlY3JldDEyMyE=")
    )
    assert "U2VjcmV0MTIzI" not in text and "AFNlY3JldDEyMyE" not in text


def test_what_the_source_masks_is_asked_for() -> None:
    """A login that a log hides, and an address that a web page hides."""
    masked = Octets(CLIENT, b"AUTH PLAIN ********\r\n", START, exactness=Exactness.MASKED)
    hidden = Octets(CLIENT, b"RCPT TO:<[email protected]>\r\n", START, exactness=Exactness.MASKED)
    lines = (*EHLO, masked, "S: 235 ok", "C: MAIL FROM:<a@b.test>", "S: 250 ok", hidden, "S: 250 ok")
    assert "C: AUTH PLAIN ${PASSWORD}" in said(*lines)
    assert [name for name, _ in needs(*lines)] == ["PASSWORD", "-"]
    assert "[email protected]" in needs(*lines)[1][1]


def test_placeholders_are_asked_for() -> None:
    """Those that stand in the source already."""
    (connection,) = read(b"S: 220 mx.test ESMTP\nC: EHLO ${NAME}\nS: 250 mx\n")
    assert [need.name for need in clean(connection).needs] == ["NAME"]


def test_content_stays_or_is_asked_for() -> None:
    """A whole message stands as it was sent; of a cut one nothing is made up."""
    start = ("C: MAIL FROM:<a@b.test>", "S: 250 ok", "C: RCPT TO:<c@b.test>", "S: 250 ok", "C: DATA", "S: 354 go")
    assert said(*start, "C: Subject: x\r\n\r\n..dot\r\n.", "S: 250 ok")[5:] == [
        "S: 354 go", "C: Subject: x", "C:", "C: ..dot", "C: .", "S: 250 ok"
    ]  # fmt: skip
    cut = (*start, "C: Subject: x", Gap(CLIENT, 100, GapReason.LOST), "C: rest\r\n.", "S: 250 ok")
    assert "C: ${MESSAGE}" in said(*cut)
    assert needs(*cut) == [("MESSAGE", "the message; 100 octets of it are not in the source")]


def test_chunks_stay_as_they_were_counted() -> None:
    """BDAT has no dots and no end mark."""
    chunk = Octets(CLIENT, b"BDAT 4 LAST\r\n.a\r\n", START)
    text = said("C: MAIL FROM:<a@b.test>", "S: 250 ok", "C: RCPT TO:<c@b.test>", "S: 250 ok", chunk, "S: 250 ok")
    assert text[4:] == ["C: BDAT 4 LAST", "C: .a", "S: 250 ok"]


def test_commands_that_a_source_hides_are_asked_for() -> None:
    """Some tools show replies only."""
    hidden = Gap(CLIENT, None, GapReason.NOT_LOGGED)
    connection = dialogue(GREETING, hidden, "S: 250 mx.test")
    assert "C: ${COMMAND}" in write(clean(connection).connection)


def test_what_tls_hides_stays_hidden() -> None:
    """Opened or not, where it begins is said; ciphertext is neither mended nor written."""
    sealed = Octets(CLIENT, b"\x16\x03\x01\x00\x04\x08\x7fab", START)
    text = said("C: STARTTLS", "S: 220 go", Secured(opened=False), sealed)
    assert text[2:] == ["# tls: opened=no", "# note: what follows is encrypted and not known"]
    opened = said("C: STARTTLS", "S: 220 go", Secured(opened=True, version="TLSv1.3"), *EHLO)
    assert opened[2:4] == ["# tls: opened=yes version=TLSv1.3", "C: EHLO app01"]


def test_octets_of_a_message_are_not_mended() -> None:
    """0x7F may be its own, unless somebody typed the commands too."""
    content = ("C: DATA", "S: 354 go", "C: Subject: x\r\n\r\na\x7fb\r\n.", "S: 250 ok")
    envelope = ("C: MAIL FROM:<a@b.test>", "S: 250 ok", "C: RCPT TO:<c@b.test>", "S: 250 ok")
    plain = dialogue(GREETING, *envelope, *content)
    assert mended(plain) == (plain, {})
    typed = dialogue(GREETING, "C: RSEZ\x7fT", "S: 500 what", *envelope, *content)
    assert b"\r\nb\r\n" in streams(mended(typed)[0])[0]


def cleaned_lines(name: str) -> list[bytes]:
    (trace,) = Reading((str(reference("recordings", name)),), Options(keep_events=True))
    runs = edits.runs(mended(trace.session.connection)[0])[CLIENT]
    return b"".join(run for _, run in runs).split(b"\r\n")


def intended(name: str) -> list[bytes]:
    truth = json.loads(reference("recordings", f"{name}.json").read_text())
    return [line.encode() for line in truth["sessions"][0]["intended_lines"]]


@pytest.mark.parametrize("name", ["exim-telnet-charmode-backspace", "exim-telnet-linemode-backspace"])
def test_recordings_of_typing_give_what_was_meant(name: str) -> None:
    """Every line, in character mode with CR NUL too."""
    assert cleaned_lines(f"{name}.pcapng") == intended(name)


@pytest.mark.parametrize("name", ["exim-nc-crlf-rawtty-backspace", "exim-wintelnet-backspace"])
def test_recordings_that_end_elsewhere_give_what_was_meant_so_far(name: str) -> None:
    """The server closed before the last line, or more was sent than was typed."""
    lines, wanted = cleaned_lines(f"{name}.pcapng"), intended(name)
    shorter = min(len(lines), len(wanted)) - 1
    assert shorter > 3
    assert lines[:shorter] == wanted[:shorter]


def test_nothing_else_is_taken_for_typing() -> None:
    """No other recording has a line to mend."""
    for path in sorted(reference("recordings").glob("*.pcap*")):
        if "backspace" not in path.name or "linemode" in path.name:
            for trace in Reading((str(path),), Options(keep_events=True)):
                assert mended(trace.session.connection)[1] == {}, path.name


def test_cleaning_is_stable() -> None:
    """What was cleaned is clean, and is read again as it was written."""
    connection: Connection = clean(
        dialogue(GREETING, *EHLO, "C: NOOP", "S: 250 ok", "C: QUIT", "S: 221 bye")
    ).connection
    (again,) = read(write(connection).encode())
    assert write(clean(again).connection) == write(connection)
    assert SERVER in {event.side for event in again.events if isinstance(event, Octets)}


def test_what_was_cleaned_stays():
    """A placeholder is no secret: cleaning it again changes nothing, whatever its name is."""
    for name in ("PASSWORD", "env:LAB_PASSWORD"):
        text = "# session: 1\nS: 220 hi\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\n"
        (connection,) = read(f"{text}C: ${{{name}}}\nS: 235 ok\n".encode())
        assert f"C: ${{{name}}}\n" in write(clean(connection).connection)


def test_a_line_typed_wrong_and_typed_again_is_there_once() -> None:
    """Its refusal was for what was typed, even if the same command failed for another reason afterwards."""
    lines = ("C: AUTH LOGIM\x7fN", "S: 504 5.5.4 no", "C: AUTH LOGIN", "S: 535 5.7.8 bad")
    assert said(*EHLO, *lines)[-3:] == [
        "# note: dropped: AUTH LOGIN was refused (504 5.5.4 no) as it was typed, and typed again",
        "C: AUTH LOGIN",
        "S: 535 5.7.8 bad",
    ]
