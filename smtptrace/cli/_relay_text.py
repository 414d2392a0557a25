"""The outcome of `relay-test` as text: a matrix, then each test with the server's words and what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.outputs._text import visible
from smtptrace.replay.relay import Addresses, Answer, verdict

_WIDTH = 31


def relay_lines(place: str, found: Sequence[Answer], who: Addresses) -> Iterator[str]:
    """The lines; every word of the server is made visible."""
    sources = sorted({each.source for each in found if each.source})
    yield f"{visible(place)}, asked from {', '.join(sources) or 'nowhere'}"
    yield f"own sender {visible(who.own)}, foreign sender {visible(who.foreign)}"
    yield ""
    yield from _matrix(found, who)
    yield ""
    for each in found:
        yield f"{'!' if each.relays else ' '} {each.case}"
        if each.tried:
            yield f"    {_outcome(each)} at {_step(each)}: {_words(each)}"
        yield f"    {visible(each.meaning, 400)}"
    yield ""
    yield verdict(found)
    if not any(each.case.login for each in found):
        yield "what those may do who log in was not asked: --user NAME"


def _matrix(found: Sequence[Answer], who: Addresses) -> Iterator[str]:
    """A row a login and sender, a column a recipient."""
    cells = {(each.case.login, each.case.own, each.case.internal): _cell(each) for each in found}
    inside, outside = f"to {visible(who.internal, 40)}", f"to {visible(who.external, 40)}"
    width = max(len(inside), *(len(cell) for cell in cells.values())) + 2
    yield f"{'':{_WIDTH}}{inside:{width}}{outside}"
    yield f"{'':{_WIDTH}}{'internal':{width}}external"
    for login, own in dict.fromkeys((login, own) for login, own, _ in cells):
        name = f"{'with' if login else 'without'} login, {'own' if own else 'foreign'} sender"
        yield f"{name:{_WIDTH}}{cells[login, own, True]:{width}}{cells[login, own, False]}"


def _cell(each: Answer) -> str:
    received = each.last.received if each.last else None
    if each.relays:
        return "OPEN RELAY"
    return f"{received.code} {_outcome(each)}" if received and not each.broken else _outcome(each)


def _outcome(each: Answer) -> str:
    received = each.last.received if each.last else None
    if not each.tried:
        return "left out"
    if each.broken:
        return "broken off"
    if each.taken:
        return "accepted"
    return "put off" if received and received.code < 500 else "refused"


def _step(each: Answer) -> str:
    return (each.last.step.verb or "greeting") if each.last else "the beginning"


def _words(each: Answer) -> str:
    received = each.last.received if each.last else None
    return visible(b" / ".join(received.lines) if received else b"-", 300)
