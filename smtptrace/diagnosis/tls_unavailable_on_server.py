"""The server offers STARTTLS but cannot start it: its certificate or key is missing or unreadable."""

from __future__ import annotations

FIX = {
    "any": "Look: the server's log at this time. Change: mend certificate, key and their permissions on the server.",
    "postfix": (
        "Look: postconf -n | grep smtpd_tls; the log line warning: cannot get RSA certificate. Change: correct "
        "files and permissions."
    ),
    "exim": (
        "Look: exim -bP tls_certificate tls_privatekey; may the exim user read them? Change: correct paths and "
        "permissions."
    ),
    "exchange": (
        "Look: Get-ExchangeCertificate | fl Services,NotAfter. Change: Enable-ExchangeCertificate -Services SMTP "
        "for a valid one."
    ),
}
REFERENCES = ("RFC 3207, 4 (454)",)
