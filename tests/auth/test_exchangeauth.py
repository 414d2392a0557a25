"""EXCHANGEAUTH and the other verb of Exchange."""

from __future__ import annotations

import pytest
from support.auth import b64, credential, masked, vectors

from smtptrace.auth import Exposure


def _token(name: str) -> str:
    return next(str(each["b64"]) for each in vectors("spnego_kerberos")["tokens"] if each["id"] == name)


def test_exchange_server_authentication() -> None:
    """One shot behind the name of a hash, and the server's own token in the final reply."""
    token = _token("pyspnego-gssapi_kerberos-0")
    lines = (f"C: X-EXPS EXCHANGEAUTH SHA256 {token}", f"S: 235 {_token('pyspnego-gssapi_kerberos-1')}")
    found = credential(*lines)
    assert (found.verb, found.mechanism, found.details["hash"], found.details["mutual"]) == (
        "X-EXPS",
        "EXCHANGEAUTH",
        "SHA256",
        True,
    )
    assert (found.details["service"], found.exposure, found.problems) == ("host/dc01", Exposure.SAFE, ())
    assert token.encode() not in masked(*lines)


@pytest.mark.parametrize("line", ["X-EXPS EXCHANGEAUTH", "X-EXPS EXCHANGEAUTH AAAA", "X-EXPS EXCHANGEAUTH SHA256 ?"])
def test_exchange_server_authentication_broken(line: str) -> None:
    """No token, no claim."""
    found = credential(f"C: {line}", "S: 535 no")
    assert (found.details.get("mutual"), found.details.get("service")) == (False, None)


def test_ntlm_after_x_exps() -> None:
    """The other verb, the same octets."""
    found = credential("C: X-EXPS NTLM", "S: 334 NTLM supported", f"C: {b64('CORP' + chr(92) + 'jack')}", "S: 535 no")
    assert (found.verb, found.problems) == ("X-EXPS", ("text-instead-of-ntlm-message",))
