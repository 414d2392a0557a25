"""Names for secrets within one run: equal secrets are recognised as equal, and nothing else is told."""

from __future__ import annotations

import hashlib
import os

from smtptrace.secret import Secret


class SecretIds:
    """Gives each different secret of a run the next of `#1`, `#2`, ...

    Only digests under a random key are kept; the key exists in memory alone and goes with the run.
    """

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._seen: dict[bytes, str] = {}

    def of(self, secret: Secret | None) -> str | None:
        """The name of this secret, None where there is none."""
        if secret is None:
            return None
        digest = hashlib.blake2b(secret.octets(), key=self._key, digest_size=16).digest()
        return self._seen.setdefault(digest, f"#{len(self._seen) + 1}")
