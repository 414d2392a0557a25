"""Who gets which session."""

from __future__ import annotations

from replay.scripts import LOGIN, SENDING
from replay.serving import roster

from smtptrace.replay.serve_roster import Match


def test_in_order():
    """One after the other and again; what the client says changes nothing."""
    sessions = roster(SENDING, LOGIN)
    seats = [sessions.seat() for _ in range(3)]
    assert [each.recorded.name for each in seats] == ["1", "2", "1"]
    seats[0].hello(b"x")
    seats[0].login("LOGIN", "alice")
    seats[0].no_login()
    seats[0].settle()
    assert (seats[0].recorded.name, seats[0].settled, sessions.left()) == ("1", True, ())


def test_two_clients_of_one_name():
    """Get the two sessions of that name, at once too; a third gets the first of them again."""
    sessions = roster(SENDING, LOGIN, SENDING.replace("EHLO a", "EHLO b"), match=Match.HELO)
    seats = [sessions.seat() for _ in range(3)]
    for seat in seats:
        seat.hello(b"A")
        seat.hello(b"b")
    assert [each.recorded.name for each in seats] == ["1", "2", "1"]
    assert [each.name for each in sessions.left()] == ["3"]


def test_a_user_by_another_mechanism():
    """Is that user all the same."""
    sessions = roster(SENDING, LOGIN, match=Match.LOGIN)
    seat = sessions.seat()
    seat.login("PLAIN", "Alice")
    assert seat.recorded.name == "2"


def test_a_session_that_was_given_away():
    """Another one is next."""
    sessions = roster(SENDING, LOGIN, match=Match.HELO)
    first, second = sessions.seat(), sessions.seat()
    first.settle()
    second.settle()
    assert (first.recorded.name, second.recorded.name) == ("1", "2")
