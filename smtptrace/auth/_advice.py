"""What to do about a credential that others can read."""

from __future__ import annotations

from smtptrace.auth._credential import AuthOutcome, Credential, Exposure

_ADVICE = {
    Exposure.CLEAR: "rotate the password",
    Exposure.BEARER: "revoke the token",
    Exposure.HASH: "rotate the password and disable NTLMv1 and LM",
    Exposure.GUESSABLE: "rotate the password unless it is long and random: one capture is enough to test guesses",
    Exposure.SERVICE_GUESSABLE: "give the service account a long random password and AES keys instead of RC4",
}


def advice_for(credential: Credential) -> str:
    """One sentence on what to do, empty where nothing was exposed.

    A bearer token that carries its expiry is of no more use after it. Under TLS only those who hold this capture and
    its keys can read the octets, and the advice says so.
    """
    action = _ADVICE.get(credential.exposure)
    if action is None:
        return ""
    expires = credential.details.get("expires")
    if credential.exposure is Exposure.BEARER and isinstance(expires, str):
        action = f"{action}: it can be used until {expires}"
    if credential.outcome is AuthOutcome.REJECTED and credential.exposure is Exposure.CLEAR:
        action = f"{action} if it is one that is valid elsewhere: this server refused it"
    where = (
        "protected on the wire, but exposed to holders of this capture and its keys"
        if credential.tls
        else ("anyone on the path could read it")
    )
    return f"{action} ({where})"
