"""What is kept of a relayed connection."""

from __future__ import annotations

import asyncio

from smtptrace.record.account import Account
from smtptrace.record.recording import Recording
from smtptrace.record.settings import Report
from smtptrace.trace import read
from smtptrace.wire import Closing, Endpoint, Opening, Secured, Side


def test_before_anything_is_known_there_is_only_the_report(tmp_path):
    """What comes before the upstream was tried is not recorded, and is no mistake."""
    told: list[str] = []
    report = Report(1, Endpoint("192.0.2.1", 40000), 0)
    recording = Recording(tmp_path / "run.pcapng", told.append)
    account = Account(report, recording, told.append)
    size = recording.size
    account.octets(Side.CLIENT, b"EHLO a\r\n")
    account.secured(Secured(), opened=True, implicit=True)
    account.closed(Side.CLIENT, Closing.FIN)
    account.odd("x", "y", Side.CLIENT)
    account.remark("z")
    account.explain("the reason")
    account.finish()
    recording.close()
    assert recording.size == size
    assert report.notes == ["the reason"]
    assert told == ["1 192.0.2.1:40000: the reason"]


def test_all_of_it(tmp_path):
    """Is in the recording, under the true endpoints, with what is known of the relay."""
    report = Report(1, Endpoint("192.0.2.1", 40000), 0)
    recording = Recording(tmp_path / "run.pcapng", print)
    account = Account(report, recording, print)
    account.begin(Endpoint("mail.example", 25), Opening.SYN_SEEN, opens_tls=True)
    account.octets(Side.SERVER, b"220 mx ESMTP\r\n")
    account.octets(Side.CLIENT, b"EHLO a\r\n")
    account.note("a note")
    account.odd("starttls-injection", "seen", Side.CLIENT)
    account.closed(Side.SERVER, Closing.FIN)
    asyncio.run(account.settle())
    account.finish()
    assert not account.has_failed
    recording.close()
    (trace,) = read(str(tmp_path / "run.pcapng"))
    connection = trace.session.connection
    assert (str(connection.client), str(connection.server)) == ("192.0.2.1:40000", "mail.example:25")
    assert connection.facts == {"relay": "opens TLS"}
    assert [note.text for note in trace.session.notes] == ["a note"]
    assert [each.kind for each in trace.session.anomalies] == ["starttls-injection"]
