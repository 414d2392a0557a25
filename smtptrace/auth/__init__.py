"""One SASL mechanism a file: decode an AUTH exchange, judge who can read it, verify a password.

A module serves every mechanism whose normalised name (lower case, `-` as `_`) begins with the module's name, the
longest first: `scram` serves SCRAM-SHA-256-PLUS. What the octets are comes before what the command calls them.
"""

from smtptrace.auth._credential import AuthOutcome, Credential, DecodedRound, Exposure
from smtptrace.auth._ids import SecretIds
from smtptrace.auth._read import MECHANISMS, read_credentials
from smtptrace.auth._stray import stray_spans

__all__ = [
    "MECHANISMS",
    "AuthOutcome",
    "Credential",
    "DecodedRound",
    "Exposure",
    "SecretIds",
    "read_credentials",
    "stray_spans",
]
