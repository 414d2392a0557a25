"""What is missing, and where: through the commands."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.command import Command
from support.data import CAPTURES
from support.frames import block, enhanced, ethernet, interface, ipv4, option, pcap, section, tcp, udp
from support.packets import blocks

NTLM = CAPTURES / "exim-ntlm-accepted.pcapng"
SEALED = CAPTURES / "exim-starttls-login.pcapng"
KEYS = CAPTURES / "exim-starttls-login.keys"
GREETING = b"220 mx.test ESMTP\r\n"


def _reversed(segment: bytes) -> bytes:
    return segment[2:4] + segment[:2] + segment[4:]


def _c(payload: bytes = b"", seq: int = 1, ack: int = 1, flags: int = 24) -> bytes:
    """A frame of the client."""
    return ethernet(ipv4(tcp(payload, 1000 + seq, 5000 + ack, flags)))


def _s(payload: bytes = b"", seq: int = 1, ack: int = 1, flags: int = 24) -> bytes:
    """A frame of the server."""
    segment = _reversed(tcp(payload, 5000 + seq, 1000 + ack, flags))
    return ethernet(ipv4(segment, hosts=("10.0.0.25", "10.0.0.5")))


SHAKEN = (_c(seq=0, ack=-5000, flags=2), _s(seq=0, flags=18), _c(flags=16))
DIALOGUE = (
    _s(GREETING), _c(b"EHLO app.test\r\n", ack=20), _s(b"250 mx.test\r\n", 20, 16),
    _c(b"NOOP\r\n", 16, 33), _s(b"250 2.0.0 fine\r\n", 33, 22), _c(b"QUIT\r\n", 22, 49), _s(b"221 bye\r\n", 49, 28),
    _c(seq=28, ack=58, flags=17), _s(seq=58, ack=29, flags=17),
)  # fmt: skip

ONE_DIRECTION = tuple(frame for frame in (*SHAKEN, *DIALOGUE) if frame[26:30] == b"\x0a\0\0\5")


@pytest.fixture
def halves(tmp_path: Path) -> tuple[Path, Path]:
    """A session in two files, as a rotation leaves it; the second is compressed."""
    frames = (*SHAKEN, *DIALOGUE)
    first, second = tmp_path / "mail-1.pcap", tmp_path / "mail-2.pcap.gz"
    whole = pcap(*frames)
    border = len(pcap(*frames[:6]))
    first.write_bytes(whole[:border])
    second.write_bytes(gzip.compress(whole[:24] + whole[border:]))
    return first, second


class TestATimelineOfSeveralFiles:
    """--merge."""

    def test_a_session_goes_on_in_the_next_file(self, smtptrace: Command, halves: tuple[Path, Path]) -> None:
        """It is one and complete; its id, its exchanges and its source name file and frame."""
        said = smtptrace("list", "--json", "--merge", *reversed(halves))
        (session,) = said.objects("session")
        assert said.code == 0
        assert session["complete"]
        assert session["id"] == "2:1"
        assert session["source"]["path"] == str(halves[0])
        places = [(each["verb"], Path(each["file"]).name, each["frame"]) for each in session["exchanges"]]
        assert places == [("EHLO", "mail-1.pcap", 5), ("NOOP", "mail-2.pcap.gz", 1), ("QUIT", "mail-2.pcap.gz", 3)]
        assert [source["packets"] for source in said.objects("source")] == [6, 6]

    def test_people_see_file_and_frame_too(self, smtptrace: Command, halves: tuple[Path, Path]) -> None:
        """As the number of the file and the frame in it; that is what `-s` takes."""
        shown = smtptrace("show", "--merge", "-s", "1:1", *halves).out
        assert any(line.startswith("2:1 ") and "NOOP" in line for line in shown.splitlines())
        assert "incomplete" not in shown

    def test_names_of_files_are_hidden_where_people_are(self, smtptrace: Command, halves: tuple[Path, Path]) -> None:
        """A file may be called after somebody."""
        said = smtptrace("show", "--json", "--merge", "--redact", "people", *halves)
        assert len(said.objects("session")) == 1
        assert "mail-1" not in said.out

    def test_apart_both_are_incomplete(self, smtptrace: Command, halves: tuple[Path, Path]) -> None:
        """Each half says so, in every output."""
        for session in smtptrace("list", "--json", *halves).objects("session"):
            assert not session["complete"]
            assert session["warnings"]
        assert smtptrace("list", *halves).out.count("incomplete: ") == 2

    def test_each_part_may_have_a_clock_of_its_own(self, smtptrace: Command, halves: tuple[Path, Path]) -> None:
        """Times are moved before they are put in order; each source line says by how much."""
        said = smtptrace("list", "--json", "--merge", *halves, "--clock-offset", f"{halves[1]}=100")
        (session,) = said.objects("session")
        assert [source["clock_offset_s"] for source in said.objects("source")] == [0, 100]
        assert session["duration_s"] > 100


class TestClocks:
    """--clock-offset and --assume-tz."""

    def test_an_offset_is_said_wherever_times_are(self, smtptrace: Command, tmp_path: Path) -> None:
        """In the session, in the dialogue, on standard error, beside each message."""
        option_ = ("--clock-offset", f"{NTLM}=-2.5")
        assert smtptrace("list", "--json", NTLM, *option_).objects("session")[0]["source"]["clock_offset_s"] == -2.5
        assert "moved by -2.5 s" in smtptrace("show", NTLM, *option_).out
        assert "moved by -2.5 s" in smtptrace("list", NTLM, *option_).err
        smtptrace("extract", NTLM, "-o", tmp_path / "out", *option_)
        sidecar = json.loads(next((tmp_path / "out").glob("*.json")).read_text())
        assert sidecar["clock_offset_s"] == -2.5

    def test_an_offset_of_no_file_is_a_mistake(self, smtptrace: Command) -> None:
        """It would be forgotten silently."""
        said = smtptrace("list", NTLM, "--clock-offset", "other.pcap=1")
        assert said.code == 2
        assert "other.pcap" in said.err

    def test_texts_without_a_zone_are_given_one(self, smtptrace: Command) -> None:
        """It is said that the zone is assumed; and they can be moved as captures can."""
        text = CAPTURES / "text" / "phpmailer-level4-refused.txt"
        starts = []
        for options in (("--assume-tz", "+00:00"), ("--assume-tz", "+02:00")):
            (session,) = smtptrace("list", "--json", text, *options).objects("session")
            assert session["source"]["time_basis"] == "assumed-zone"
            starts.append(datetime.fromisoformat(session["start"]))
        assert starts[0] - starts[1] == timedelta(hours=2)
        (moved,) = smtptrace("list", "--json", text, *options, "--clock-offset", f"{text}=60").objects("session")
        assert datetime.fromisoformat(moved["start"]) - starts[1] == timedelta(seconds=60)
        assert moved["source"]["clock_offset_s"] == 60


def _list(smtptrace: Command, path: Path, octets: bytes, *options: str) -> tuple[dict, dict]:
    """The first session (empty where there is none) and the source."""
    path.write_bytes(octets)
    objects = smtptrace("list", "--json", path, *options).objects()
    return (objects[0] if len(objects) > 1 else {}), objects[-1]


class TestWhatIsMissing:
    """In JSON, in the table and in the dialogue."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "mail.pcap"

    @pytest.mark.parametrize(
        ("octets", "reason", "warning"),
        [
            (pcap(*SHAKEN, *DIALOGUE, cut=70), "snaplen", "snaplen"),
            (pcap(*DIALOGUE[3:]), "before-capture", "before-capture"),
            (pcap(*SHAKEN, *DIALOGUE[:3], *DIALOGUE[5:]), "lost", "lost"),
            (pcap(*SHAKEN, *DIALOGUE[:3]), None, "the capture ends before"),
            (pcap(*ONE_DIRECTION), None, "no octet of the server"),
        ],
        ids=["snaplen", "begun midway", "lost", "ended midway", "one direction"],
    )  # fmt: skip
    def test_it_is_said_everywhere(
        self, smtptrace: Command, path: Path, octets: bytes, reason: str | None, warning: str
    ) -> None:
        """The session is not complete; gaps and warnings say why, the table marks it, the dialogue warns."""
        session, source = _list(smtptrace, path, octets)
        assert not session["complete"]
        assert any(warning in each for each in session["warnings"])
        assert reason is None or reason in {gap["reason"] for gap in session["gaps"]}
        assert source["coverage"]["readable"] == 0
        assert "incomplete: " in smtptrace("list", path).out
        assert warning in smtptrace("show", path).out

    def test_a_whole_session_is_complete(self, smtptrace: Command, path: Path) -> None:
        """So that the others mean something."""
        session, source = _list(smtptrace, path, pcap(*SHAKEN, *DIALOGUE))
        assert session["complete"] and not session["gaps"] and not session["warnings"]
        assert source["coverage"]["readable"] == 1

    def test_headers_only_are_no_silent_server(self, smtptrace: Command, path: Path) -> None:
        """Something was said, and nobody knows what: a filter cannot exclude it."""
        session, source = _list(smtptrace, path, pcap(*SHAKEN, *DIALOGUE, cut=54))
        assert not session
        assert source["attempts"] == {"headers-only": 1}
        assert "1 captured without content cannot be excluded" in smtptrace("list", path, "--user", "alice").err
        session, _ = _list(smtptrace, path, pcap(*SHAKEN, *DIALOGUE, cut=54), "--attempts")
        assert session["attempt"] == "headers-only"
        assert not session["complete"] and session["gaps"]

    @pytest.mark.parametrize(
        ("frames", "outcome", "words"),
        [
            (SHAKEN[:1], "no-answer", "no answer"),
            ((SHAKEN[0], _s(seq=0, flags=20)), "refused", "refused"),
            (SHAKEN, "silent-server", "silent server"),
        ],
    )
    def test_attempts_are_counted_and_listed(
        self, smtptrace: Command, path: Path, frames: tuple[bytes, ...], outcome: str, words: str
    ) -> None:
        """By what came of them; they are no sessions."""
        session, source = _list(smtptrace, path, pcap(*frames), "--attempts")
        assert session["attempt"] == outcome
        assert source["attempts"] == {outcome: 1}
        assert source["sessions"] == source["coverage"]["sessions"] == 0
        assert words in smtptrace("list", path, "--attempts").out
        assert words in smtptrace("show", path, "--attempts").out
        assert words in smtptrace("list", path).err
        assert words in smtptrace("list", path, "--attempts", "--redact", "people").out

    def test_skipped_frames_drops_and_silences(self, smtptrace: Command, path: Path) -> None:
        """By reason, by interface, and longer than asked."""
        dropped = option(5, (7).to_bytes(8, "little"))
        octets = (
            section() + interface() + b"".join(enhanced(each, count=10**6 * at) for at, each in enumerate(SHAKEN))
            + enhanced(ethernet(b"", 0x0806), count=10**6) + enhanced(ethernet(ipv4(udp(b"", 53), 17)), count=10**6)
            + b"".join(enhanced(each, count=60 * 10**6) for each in DIALOGUE)
        )  # fmt: skip
        octets += _statistics(dropped)
        session, source = _list(smtptrace, path, octets, "--silence", "30")
        assert session["complete"]
        assert sum(source["skipped"].values()) == 2
        assert list(source["coverage"]["drops"].values()) == [7]
        assert len(source["coverage"]["silences"]) == 1
        said = smtptrace("list", path, "--silence", "30").err
        for words in ("skipped: not TCP", "7 packets dropped", "no TCP packet for 58.0 s"):
            assert words in said


def _mail(*contents: bytes, lost: int | None = None) -> bytes:
    """A capture of a message sent in several packets, of which one is not in it."""
    said = [(1, GREETING), (0, b"HELO a\r\n"), (1, b"250 mx\r\n"), (0, b"MAIL FROM:<a@b.test>\r\n"), (1, b"250 ok\r\n")]
    said += [(0, b"RCPT TO:<c@d.test>\r\n"), (1, b"250 ok\r\n"), (0, b"DATA\r\n"), (1, b"354 go\r\n")]
    said += [(0, content) for content in contents]
    said += [(1, b"250 ok\r\n"), (0, b"QUIT\r\n"), (1, b"221 bye\r\n")]
    frames, at = [*SHAKEN], [1, 1]
    for side, octets in said:
        if lost is None or octets is not contents[lost]:
            frames.append((_s if side else _c)(octets, at[side], at[1 - side]))
        at[side] += len(octets)
    return pcap(*frames, _c(seq=at[0], ack=at[1], flags=17), _s(seq=at[1], ack=at[0] + 1, flags=17))


class TestMessages:
    """extract."""

    PIECES = (b"Subject: x\r\n\r\n", b"one\r\n" * 9, b"three\r\n..two\r\n.\r\n")

    def _extract(self, smtptrace: Command, folder: Path, octets: bytes) -> tuple[Path, dict]:
        path = folder / "mail.pcap"
        path.write_bytes(octets)
        assert smtptrace("extract", path, "-o", folder / "out").code == 0
        (file,) = (folder / "out").glob("*.eml")
        return file, json.loads(Path(f"{file}.json").read_text())

    def test_a_whole_message_is_as_the_server_took_it(self, smtptrace: Command, tmp_path: Path) -> None:
        """Without stuffed dots and without its end mark."""
        file, sidecar = self._extract(smtptrace, tmp_path, _mail(*self.PIECES))
        assert file.read_bytes() == b"Subject: x\r\n\r\n" + b"one\r\n" * 9 + b"three\r\n.two\r\n"
        assert sidecar["complete"]
        assert not sidecar["holes"]

    def test_a_hole_is_marked_and_never_closed_up(self, smtptrace: Command, tmp_path: Path) -> None:
        """In the file's name, in its place, and beside it; there is no digest."""
        file, sidecar = self._extract(smtptrace, tmp_path, _mail(*self.PIECES, lost=1))
        assert "-incomplete" in file.name
        assert b"\r\n\r\n\r\n[smtptrace: 45 octets are missing here]\r\nthree\r\n.two\r\n" in file.read_bytes()
        assert sidecar["holes"] == [{"offset": 14, "octets": 45}]
        assert sidecar["missing_octets"] == 45
        assert (sidecar["complete"], sidecar["sha256"], sidecar["md5"]) == (False, None, None)


def _statistics(options: bytes) -> bytes:
    """An interface statistics block."""
    return block(5, bytes(12) + options)


class TestKeysAndEngines:
    """--keylog and --engine."""

    def test_an_unknown_engine_is_a_mistake(self, smtptrace: Command) -> None:
        """The known ones are named."""
        said = smtptrace("list", NTLM, "--engine", "carrier-pigeon")
        assert said.code == 2
        assert "capfile, scapy, tshark" in said.err

    @pytest.mark.slow
    @pytest.mark.parametrize("engine", ["scapy", "tshark"])
    def test_another_engine_gives_the_same(self, smtptrace: Command, engine: str) -> None:
        """And the source line names it."""
        if engine == "tshark" and shutil.which("tshark") is None:
            pytest.skip("tshark is not installed")
        session, source = smtptrace("list", "--json", NTLM, "--engine", engine).objects()
        assert source["engine"] == engine
        assert session["exchanges"] == smtptrace("list", "--json", NTLM).objects()[0]["exchanges"]

    def test_a_key_log_opens_tls(self, smtptrace: Command) -> None:
        """What was encrypted is there, and said to have been protected."""
        session, source = smtptrace("list", "--json", SEALED, "--keylog", KEYS).objects()
        assert session["decrypted"]
        assert session["auth"][0]["tls"]
        assert source["coverage"]["readable"] == 1

    def test_keys_open_what_comes_through_a_pipe(self, smtptrace: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        """With a key log beside it, or with the keys inside, before the packets."""
        inside = SEALED.read_bytes() + _secrets(KEYS.read_bytes())
        for octets, options in ((SEALED.read_bytes(), ("--keylog", KEYS)), (_first(inside), ())):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
            session, _ = smtptrace("list", "--json", "-", *options).objects()
            assert session["decrypted"]

    def test_without_tshark_one_line_says_how_to_get_it(
        self, smtptrace: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Exit code 4; keys need no tshark."""
        monkeypatch.setenv("PATH", str(tmp_path))
        said = smtptrace("list", SEALED, "--engine", "tshark")
        assert said.code == 4
        assert "install" in said.err
        assert smtptrace("list", SEALED, "--keylog", KEYS).code == 0


def _secrets(keys: bytes) -> bytes:
    """A decryption secrets block with a TLS key log."""
    return block(10, b"KSLT" + len(keys).to_bytes(4, "little") + keys)


def _first(octets: bytes) -> bytes:
    """The capture with its last block, the secrets, before the first packet."""
    parts, at = [], 0
    for _, body in blocks(octets):
        parts.append(octets[at : at + 12 + len(body)])
        at += 12 + len(body)
    return b"".join([*parts[:2], parts[-1], *parts[2:-1]])


class TestProvenance:
    """--manifest and --show-secrets."""

    def test_a_manifest_of_a_compressed_input_knows_both_digests(self, smtptrace: Command, tmp_path: Path) -> None:
        """As stored and as decompressed."""
        import hashlib

        stored = gzip.compress(NTLM.read_bytes())
        path, manifest = tmp_path / "mail.pcapng.gz", tmp_path / "manifest.json"
        path.write_bytes(stored)
        assert smtptrace("show", path, "--manifest", manifest).code == 0
        written = json.loads(manifest.read_text())
        (entry,) = written["inputs"]
        assert entry["sha256"] == hashlib.sha256(stored).hexdigest()
        assert entry["content_sha256"] == hashlib.sha256(NTLM.read_bytes()).hexdigest()
        assert entry["size"] == len(stored)
        assert written["asked"]["show_secrets"] is False

    def test_shown_secrets_are_stamped(self, smtptrace: Command) -> None:
        """In every output that may hold one."""
        assert smtptrace("list", "--json", NTLM, "--show-secrets").objects()[0]["show_secrets"] is True
        assert smtptrace("show", "--json", NTLM, "--show-secrets").objects()[0]["show_secrets"] is True
        for command in ("list", "show"):
            assert smtptrace(command, NTLM, "--show-secrets").out.startswith("secrets are shown")
            assert "secrets are shown" not in smtptrace(command, NTLM).out

    def test_a_file_that_breaks_off_stays_in_the_account(self, smtptrace: Command, tmp_path: Path) -> None:
        """Compressed data that ends early: what came before, one line, and the source with its damage."""
        path = tmp_path / "cut.pcapng.gz"
        path.write_bytes(gzip.compress(NTLM.read_bytes())[:-200])
        said = smtptrace("list", "--json", path)
        assert said.code == 3
        assert said.err.count("\n") == 1
        (source,) = said.objects("source")
        assert source["damage"]
        assert source["packets"] > 0


@pytest.mark.slow
def test_a_capture_split_by_editcap_is_one_timeline(smtptrace: Command, tmp_path: Path) -> None:
    """Every session of the parts is that of the whole."""
    if shutil.which("editcap") is None:
        pytest.skip("editcap is not installed")
    whole = CAPTURES / "postfix-bulk-mail.pcapng"
    subprocess.run(["editcap", "-c", "10", str(whole), str(tmp_path / "part.pcapng")], check=True, capture_output=True)
    parts = sorted(tmp_path.glob("part*"))
    assert len(parts) > 2
    merged, alone = (
        [
            (session["complete"], [(each["verb"], each["code"]) for each in session["exchanges"]])
            for session in smtptrace("list", "--json", *arguments).objects("session")
        ]
        for arguments in (("--merge", *parts), (whole,))
    )
    assert merged == alone
