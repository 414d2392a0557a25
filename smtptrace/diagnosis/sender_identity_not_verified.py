"""The provider sends only for senders (and in its sandbox only to recipients) that were verified."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: the list of verified senders and domains at the provider. Change: verify this address or its "
        "domain, or send as a verified one."
    ),
    "amazon-ses": (
        "Look: aws ses get-identity-verification-attributes --identities ADDRESS, in the region the reply names. "
        "Change: verify the identity in that region; ask to leave the sandbox to write to unverified recipients."
    ),
    "sendgrid": "Look: Settings, Sender Authentication. Change: verify the sender or authenticate its domain.",
}
REFERENCES = ("https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html",)
