"""An authority for one run."""

from __future__ import annotations

from cryptography import x509

from smtptrace.replay.throwaway import throwaway


def test_names_and_addresses():
    """The authority is one, and never the same."""
    one, two = throwaway(["localhost", "127.0.0.1", "localhost"]), throwaway(["::1"])
    assert one.authority != two.authority
    found = x509.load_pem_x509_certificate(one.authority)
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
