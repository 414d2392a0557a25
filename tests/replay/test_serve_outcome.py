"""What is told of connections that were served."""

from __future__ import annotations

from replay.test_serve_run import LINES, serve

from smtptrace.replay.serve_outcome import case, served_object, suite


def test_an_object():
    """What was sent is summed up; a message that was broken off is none."""
    found = served_object(serve([LINES, b"hi\r\n.\r\n"]))
    assert (found["schema"], found["session"], found["commands"]) == ("smtptrace.serve/1", "1", 4)
    assert [each["size"] for each in found["messages"]] == [4]
    assert served_object(serve([LINES, b"hi"]))["messages"] == []


def test_cases():
    """A client that left the script fails, one that broke off is an error, a session without a client fails too."""
    found = suite(
        "t.smtp", [case(serve([LINES, b"hi\r\n.\r\n"])), case(serve([])), case(serve([], implicit=True))], ["2"]
    )
    assert [bool(each.failure) for each in found.cases] == [False, True, False, True]
    assert found.cases[1].failure.startswith("never heard: EHLO\n")
    assert found.cases[2].error == "TLS is not set up"
    assert found.cases[3].name == "session 2"
