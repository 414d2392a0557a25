"""No inbound connector of the tenant matches the sending server: its certificate or address changed."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: Get-InboundConnector | fl Name,TlsSenderCertificateName,SenderIPAddresses. Change: correct the "
        "certificate name or address there, or run the Hybrid Configuration Wizard again."
    ),
}
REFERENCES = ("https://learn.microsoft.com/en-us/exchange/troubleshoot/email-delivery/ndr/relay-access-denied-smtp",)
