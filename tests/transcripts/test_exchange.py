"""Exchange protocol logs: direction by `#Log-type`, sessions apart by id, what the server says beside."""

from __future__ import annotations

from support.told import connections, exchanges, notes, told

from smtptrace.transcripts.exchange import unfold
from smtptrace.wire import TimeBasis

HEAD = """\
#Software: Microsoft Exchange Server
#Version: 15.0.0.0
#Log-type: SMTP {} Protocol Log
#Date: 2026-01-11T16:00:04.113Z
#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context
"""


def row(session: str, number: int, event: str, data: str, context: str = "") -> str:
    quoted = f'"{data}"' if "," in data else data
    return (
        f"2026-01-11T15:59:{number:02}.433Z,EX\\Default,{session},{number},10.0.0.1:25,203.0.113.9:5{session[-1]}026,"
        f"{event},{quoted},{context}\n"
    )


RECEIVED = (
    row("08D0000000000001", 0, "+", "")
    + row("08D0000000000001", 1, ">", "220 EX Microsoft ESMTP MAIL Service ready at Wed, 11 Jan 2026")
    + row("08D0000000000001", 2, "<", "EHLO [203.0.113.9]")
    + row(
        "08D0000000000001", 3, ">", "250  EX Hello [203.0.113.9] SIZE 37748736 AUTH NTLM LOGIN X-EXPS GSSAPI NTLM XRDST"
    )
    + row("08D0000000000001", 4, "<", "AUTH LOGIN")
    + row("08D0000000000001", 5, ">", "334 <authentication response>")
    + row("08D0000000000001", 6, ">", "334 <authentication response>")
    + row("08D0000000000001", 7, "*", "", "Inbound AUTH LOGIN failed because of LogonDenied")
    + row("08D0000000000001", 8, ">", "535 5.7.3 Authentication unsuccessful")
    + row("08D0000000000001", 9, "-", "", "Remote")
)


def test_receive() -> None:
    """`>` is what this server sent, EHLO is unfolded, hidden responses are gaps."""
    text = HEAD.format("Receive") + RECEIVED
    assert told(text) == [
        "S: 220 EX Microsoft ESMTP MAIL Service ready at Wed, 11 Jan 2026",
        "C: EHLO [203.0.113.9]",
        "S: 250-EX Hello [203.0.113.9] (decoded)",
        "S: 250-SIZE 37748736 (decoded)",
        "S: 250-AUTH NTLM LOGIN (decoded)",
        "S: 250-X-EXPS GSSAPI NTLM (decoded)",
        "S: 250 XRDST (decoded)",
        "C: AUTH LOGIN",
        "S: 334 <authentication response> (masked)",
        "gap: client",
        "S: 334 <authentication response> (masked)",
        "gap: client",
        "S: 535 5.7.3 Authentication unsuccessful",
    ]
    assert exchanges(text) == ["EHLO 250, AUTH 535"]
    assert "Inbound AUTH LOGIN failed because of LogonDenied" in notes(text)


def test_who_and_when() -> None:
    """Endpoints, UTC times, the session id as label, connector and version as facts."""
    (connection,) = connections(HEAD.format("Receive") + RECEIVED)
    assert (str(connection.client), str(connection.server)) == ("203.0.113.9:51026", "10.0.0.1:25")
    assert connection.origin.time_basis is TimeBasis.UTC
    assert connection.label == "08D0000000000001"
    assert connection.facts["connector"] == "EX\\Default"
    assert connection.facts["version"] == "15.0.0.0"


def test_send_turns_the_arrows() -> None:
    """In a send log the local end is the client."""
    text = HEAD.format("Send") + row("08D0000000000002", 1, "<", "220 mx") + row("08D0000000000002", 2, ">", "EHLO ex")
    assert told(text) == ["S: 220 mx", "C: EHLO ex"]
    assert str(connections(text)[0].server) == "203.0.113.9:52026"


def test_direction_without_a_header() -> None:
    """An excerpt tells its direction by who says a code first."""
    assert told(row("08D0000000000001", 1, "<", "220 mx")) == ["S: 220 mx"]
    assert told(row("08D0000000000001", 1, ">", "220 mx")) == ["S: 220 mx"]


def test_interleaved_and_out_of_order() -> None:
    """Rows belong to their session, in the order of their numbers; equal numbers stay as they stand."""
    other = RECEIVED.replace("08D0000000000001", "08D0000000000002").splitlines(keepends=True)
    rows = [line for pair in zip(RECEIVED.splitlines(keepends=True), other, strict=True) for line in pair]
    assert exchanges(HEAD.format("Receive") + "".join(rows)) == ["EHLO 250, AUTH 535"] * 2
    assert exchanges(HEAD.format("Receive") + "".join(reversed(rows))) == ["EHLO 250, AUTH 535"] * 2


def test_chunks_are_gaps_of_their_size() -> None:
    """BDAT tells how many octets are not shown."""
    text = HEAD.format("Receive") + "".join(
        row("08D0000000000001", number, *said)
        for number, said in enumerate(
            [(">", "220 x"), ("<", "BDAT 1460 LAST"), (">", "250 2.6.0 queued"), ("<", "QUIT"), (">", "221 bye")]
        )
    )
    assert told(text)[1:4] == ["C: BDAT 1460 LAST", "gap: client 1460", "S: 250 2.6.0 queued"]
    assert exchanges(text) == ["BDAT 250, QUIT 221"]


def test_columns_cut_off() -> None:
    """People paste the last columns only."""
    text = (
        ">,250-X-EXPS GSSAPI NTLM\n<,X-EXPS GSSAPI\n>,334 <authentication response>\n*,,IllegalMessage\n"
        ">,454 4.7.0 no\n"
    )
    assert exchanges(text)[0].endswith("X-EXPS 454")
    assert notes(text) == ["IllegalMessage"]


def test_unfold_of_words_nobody_knows() -> None:
    """After the first keyword each further word is a keyword of its own, unless it belongs to one before."""
    assert unfold(b"250  ex Hello [x] SIZE 5 NEWWORD XPROXY a b DSN") == [
        b"250-ex Hello [x]",
        b"250-SIZE 5",
        b"250-NEWWORD",
        b"250-XPROXY a b",
        b"250 DSN",
    ]


def test_tls_as_windows_names_it() -> None:
    """The log tells version and cipher where TLS begins."""
    told_by = "TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using bulk encryption algorithm CALG_AES_128"
    text = HEAD.format("Receive") + "".join(
        row("08D0000000000001", number, *said)
        for number, said in enumerate(
            [(">", "220 x"), ("<", "STARTTLS"), (">", "220 go"), ("*", "", told_by), ("<", "QUIT")]
        )
    )
    assert told(text) == ["S: 220 x", "C: STARTTLS", "S: 220 go", "tls TLSv1.2", "C: QUIT"]


def test_a_damaged_row_is_no_error() -> None:
    """A lone CR beside quotes, and columns in an order that the rows do not keep, leave the other rows as they are."""
    damaged = row("08D0000000000001", 2, "<", "NOOP").replace("NOOP", 'NO\rOP,"x"')
    text = HEAD.format("Receive") + RECEIVED.replace("\n2026-01-11T15:59:02", "\n" + damaged + "2026-01-11T15:59:02", 1)
    assert "EHLO" in " ".join(exchanges(text))
    turned = HEAD.format("Receive").replace("sequence-number,local-endpoint", "local-endpoint,sequence-number")
    assert "EHLO" in " ".join(exchanges(turned + RECEIVED))
