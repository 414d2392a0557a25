"""A value that prints as dots; `reveal()` is the only door."""

from __future__ import annotations

MASK = "****"


class Secret:
    """A captured secret (password, token, proof) that no format, log or exception can spill.

    Equality is that of the values, compared in constant time; the hash is the same for all secrets, so that
    it tells nothing.

    Args:
        value: the secret as text, or as octets where it is no text.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | bytes) -> None:
        self._value = value

    def reveal(self) -> str | bytes:
        """The value itself, for `--show-secrets`, verification and redaction only."""
        return self._value

    def octets(self) -> bytes:
        """The value as octets, text in UTF-8."""
        value = self._value
        return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        import hmac

        return isinstance(other, Secret) and hmac.compare_digest(self.octets(), other.octets())

    def __hash__(self) -> int:
        return hash(Secret)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never written out")


Masked = tuple[str | Secret, ...]
"""Text in parts, some of them secret: `"".join(map(str, parts))` is safe to print."""
