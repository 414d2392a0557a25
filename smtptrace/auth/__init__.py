"""One SASL mechanism a file: decode an AUTH exchange, judge who can read it, verify a password.

A module serves every mechanism whose normalised name (lower case, `-` as `_`) begins with the module's name, the
longest first: `scram` serves SCRAM-SHA-256-PLUS. What the octets are comes before what the command calls them.

A mechanism's file holds:

- `decode(talk) -> Reading`: always; it never raises, whatever the octets are;
- `identities(talk)` and `prove(talk, password, identity)`: where a proof can be verified (`_verify`); a password that
  was sent in clear needs neither;
- `respond(login, mechanism)`: a generator of responses, where challenges can be answered (`_respond`);
- `describe(octets)`: a lone token field by field, None where it is not of this mechanism (`_token`).
"""

from smtptrace.auth._credential import AuthOutcome, Credential, DecodedRound, Exposure
from smtptrace.auth._description import Description, Row
from smtptrace.auth._ids import SecretIds
from smtptrace.auth._problems import PROBLEMS, problem_text
from smtptrace.auth._proof import Identity, Proof, Verdict
from smtptrace.auth._read import MECHANISMS, read_credentials
from smtptrace.auth._respond import AuthError, Login, Responder, Unproven, answering, responder
from smtptrace.auth._stray import stray_spans, strays_after
from smtptrace.auth._token import decode_token
from smtptrace.auth._verify import Verification, verify
from smtptrace.auth._verify import as_record as verification_record

__all__ = [
    "MECHANISMS",
    "PROBLEMS",
    "AuthError",
    "AuthOutcome",
    "Credential",
    "DecodedRound",
    "Description",
    "Exposure",
    "Identity",
    "Login",
    "Proof",
    "Responder",
    "Row",
    "SecretIds",
    "Unproven",
    "Verdict",
    "Verification",
    "answering",
    "decode_token",
    "problem_text",
    "read_credentials",
    "responder",
    "stray_spans",
    "strays_after",
    "verification_record",
    "verify",
]
