"""Authorities of our own."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.x509 import verification

from smtptrace.certificates import new_authority

DAY = datetime.timedelta(days=1)


def issued(*names: str, life: datetime.timedelta = DAY) -> tuple[x509.Certificate, x509.Certificate]:
    """The certificates of an authority and of a server it vouches for."""
    authority = new_authority("smtptrace test", 10 * DAY)
    pair = authority.issue(names, life)
    assert b"BEGIN PRIVATE KEY" in pair
    return x509.load_pem_x509_certificate(authority.certificate), x509.load_pem_x509_certificate(pair)


def test_a_strict_verifier_believes_it():
    """Names, addresses and names beyond ASCII; the verifier of `cryptography` keeps to the rules of the web."""
    root, leaf = issued("localhost", "127.0.0.1", "::1", "bücher.example", "localhost")
    policy = verification.PolicyBuilder().store(verification.Store([root]))
    for name in (x509.DNSName("localhost"), x509.DNSName("xn--bcher-kva.example")):
        policy.build_server_verifier(name).verify(leaf, [])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_nothing_outlives_its_authority():
    """A certificate for longer than the authority's is cut to it."""
    root, leaf = issued("localhost", life=100 * DAY)
    assert leaf.not_valid_after_utc == root.not_valid_after_utc


def test_the_key_is_not_shown():
    """Nor is it the same twice."""
    one, two = new_authority("a", DAY), new_authority("a", DAY)
    assert one.key != two.key
    assert "PRIVATE" not in repr(one)
    assert one.expires() > datetime.datetime.now(datetime.UTC)
