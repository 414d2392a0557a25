"""The service that judges logins does not answer; the password was not judged."""

from __future__ import annotations

FIX = {
    "any": "Look: the server's log and whether its authentication service runs. Change: start or reconnect it.",
    "postfix": (
        "Look: postconf smtpd_sasl_type smtpd_sasl_path; ls -l of the socket; systemctl status dovecot "
        "saslauthd. Change: start the service, correct path or permissions of the socket."
    ),
    "exim": (
        "Look: the main and panic log at this time. Change: mend the lookup or service that the authenticator asks."
    ),
    "exchange": (
        "Look: Get-ServerComponentState SERVER; Test-ServiceHealth; DNS of the back end. Change: start the "
        "stopped component."
    ),
    "dovecot": "Look: doveadm log errors. Change: mend the passdb that the log names.",
}
REFERENCES = ("RFC 4954, 6 (454 4.7.0)",)
