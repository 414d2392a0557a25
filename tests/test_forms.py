"""A secret is found in every form it may be written in, to its last bit."""

from __future__ import annotations

import base64
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtptrace.forms import Inside, forms, places, without

SECRET = b"Tulip-garden-17"


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        base64.b64encode(SECRET),
        SECRET.hex().encode(),
        urllib.parse.quote(SECRET, safe="").encode(),
        SECRET.decode().encode("utf-16-le"),
        base64.b64encode(SECRET.decode().encode("utf-16-le")),
    ],
)
def test_each_form_is_found(said: bytes) -> None:
    """In the middle of other octets."""
    found = [where for form in forms(SECRET) for where in places(b"<< " + said + b" >>", form)]
    assert (3, 3 + len(said.rstrip(b"="))) in [(start, stop - said.count(b"=")) for start, stop in found] or (
        3,
        3 + len(said),
    ) in found


@given(st.binary(max_size=7), st.permutations(list(b"Tulip-garden 17!%&")), st.integers(4, 18), st.binary(max_size=7))
def test_no_bit_of_it_is_left_in_base64(before: bytes, letters: list[int], size: int, behind: bytes) -> None:
    """Whatever stands around the secret before it is encoded: the characters that share its bits are masked too."""
    secret = bytes(letters[:size])
    encoded = base64.b64encode(before + secret + behind)
    hidden = encoded
    for form in sorted(forms(secret), key=len, reverse=True):
        if isinstance(form, Inside) and form:
            hidden = without(hidden, form, lambda size: b"*" * size)
    first, last = len(before) * 8 // 6, -(-(len(before) + len(secret)) * 8 // 6)
    assert len(hidden) == len(encoded)
    assert set(hidden[first:last]) == {ord("*")}


def test_what_is_not_base64_beside_it_stays() -> None:
    """Padding and punctuation hold no bits."""
    said = b'"' + base64.b64encode(SECRET[:4]) + b'"'
    for form in forms(SECRET[:4]):
        said = without(said, form, lambda size: b"*" * size)
    assert said == b'"******=="'
