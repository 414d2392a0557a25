"""Records made anew with a few fields changed."""

from __future__ import annotations

from dataclasses import replace

from smtptrace._changes import changed, each_changed, replaced
from smtptrace.wire import Close, Closing, Note, Side


def test_a_copy_is_that_of_the_library() -> None:
    """Fields that are not named stay, and the record itself does too."""
    close = Close(Side.CLIENT, Closing.FIN, 5, 7)
    assert replaced(close, how=Closing.RST, frame=8) == replace(close, how=Closing.RST, frame=8)
    assert close == Close(Side.CLIENT, Closing.FIN, 5, 7)


def test_what_does_not_change_is_not_made_anew() -> None:
    """Of a record and of a sequence of them."""
    note = Note("a")
    notes = (note, Note("b"))
    assert changed(note, text=note.text) is note
    assert changed(note, text="c") == Note("c")
    assert each_changed(notes, lambda each: each) is notes
    assert each_changed(notes, lambda each: changed(each, text="b")) == (Note("b"), Note("b"))
    assert each_changed((), lambda each: Note("c")) == ()
