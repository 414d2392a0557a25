"""What is recorded: one function a recording, with what must be found in it, written down before it was recorded."""

from __future__ import annotations

import socket
import time

from lab import clients, scripted
from lab.process import HOST
from lab.terminal import terminal
from scenario import Expected, Lab, recorded
from sending import (
    INVITATION,
    NEWS,
    OFFER,
    REPORT,
    STATUS,
    curl,
    curl_login,
    digest,
    say,
    swaks,
    type_session,
    wait_for,
)

SILENT, NOBODY = 587, 25
BACKSPACE, DELETE = b"\x08", b"\x7f"
EHLO, QUIT, TO_BOB = b"EHLO client.example\r\n", b"QUIT\r\n", b"RCPT TO:<bob@lab.test>\r\n"
AUTH_THEN_MAIL = "EHLO 250, AUTH 235, MAIL 250, RCPT 250, DATA 250, QUIT 221"


@recorded(
    "LOGIN, user and password after their prompts; STARTTLS is offered and not used",
    "Postfix, Dovecot",
    "swaks",
    (2526,),
    Expected(AUTH_THEN_MAIL, ("LOGIN alice accepted",), (digest(REPORT),)),
)
def postfix_login_accepted(lab: Lab) -> None:
    swaks(lab.servers.postfix.port, REPORT, *clients.login("LOGIN"))


@recorded(
    "LOGIN with the wrong password Wonderland1; the client gives up",
    "Postfix, Dovecot",
    "swaks",
    (2526,),
    Expected("EHLO 250, AUTH 535, QUIT 221", ("LOGIN alice rejected",)),
)
def postfix_login_refused(lab: Lab) -> None:
    swaks(lab.servers.postfix.port, STATUS, *clients.login("LOGIN", password="Wonderland1"), code=28)


@recorded(
    "PLAIN with an initial response",
    "Postfix, Dovecot",
    "curl",
    (2526,),
    Expected(AUTH_THEN_MAIL, ("PLAIN alice accepted",), (digest(INVITATION),)),
)
def postfix_plain_accepted(lab: Lab) -> None:
    curl(lab, lab.servers.postfix.port, INVITATION, *curl_login("PLAIN"), "--sasl-ir")


@recorded(
    "CRAM-MD5",
    "Postfix, Dovecot",
    "msmtp",
    (2526,),
    Expected(AUTH_THEN_MAIL, ("CRAM-MD5 alice accepted",), (digest(STATUS),)),
)
def postfix_cram_md5_accepted(lab: Lab) -> None:
    run = clients.msmtp(lab.servers.postfix.port, *clients.msmtp_login("cram-md5"), "--tls=off", message=STATUS)
    assert run.code == 0, run.output


@recorded(
    "SCRAM-SHA-256, login alone",
    "Postfix, Dovecot",
    "gsasl",
    (2526,),
    Expected("EHLO 250, AUTH 235, QUIT 221", ("SCRAM-SHA-256 alice accepted",)),
)
def postfix_scram_sha_256_accepted(lab: Lab) -> None:
    assert "235" in clients.gsasl(lab.servers.postfix.port, "SCRAM-SHA-256").output


@recorded(
    "NTLM, messages 1 to 3; the server's prompt is empty, the response is of version 1",
    "Postfix, Cyrus SASL",
    "curl",
    (2527,),
    Expected(AUTH_THEN_MAIL, ("NTLM alice accepted",), (digest(INVITATION),)),
)
def cyrus_ntlm_accepted(lab: Lab) -> None:
    curl(lab, lab.servers.postfix.cyrus_port, INVITATION, *curl_login("NTLM"))


@recorded(
    "NTLM; Exim's prompt is the text 'NTLM supported', which is no base64",
    "Exim",
    "swaks",
    (2525,),
    Expected(AUTH_THEN_MAIL, ("NTLM alice accepted",), (digest(STATUS),)),
)
def exim_ntlm_accepted(lab: Lab) -> None:
    swaks(lab.servers.exim.port, STATUS, *clients.login("NTLM"))


@recorded(
    "NTLM with the wrong password Wonderland1",
    "Exim",
    "swaks",
    (2525,),
    Expected("EHLO 250, AUTH 535, QUIT 221", ("NTLM alice rejected",)),
)
def exim_ntlm_refused(lab: Lab) -> None:
    swaks(lab.servers.exim.port, STATUS, *clients.login("NTLM", password="Wonderland1"), code=28)


@recorded(
    "PIPELINING: MAIL, RCPT, RCPT and DATA in one packet",
    "Exim",
    "swaks",
    (2525,),
    Expected("EHLO 250, MAIL 250, RCPT 250, RCPT 250, DATA 250, QUIT 221", (), (digest(OFFER),)),
)
def exim_pipelining(lab: Lab) -> None:
    swaks(lab.servers.exim.port, OFFER, "--pipeline", to="bob@lab.test,dora@lab.test")


@recorded(
    "CHUNKING: one message in three BDAT commands, the last of them empty",
    "Exim",
    "a script",
    (2525,),
    Expected("EHLO 250, MAIL 250, RCPT 250, BDAT 250, BDAT 250, BDAT 250, QUIT 221", (), (digest(REPORT),)),
)
def exim_bdat(lab: Lab) -> None:
    first, second = REPORT[:200], REPORT[200:]
    chunks = (b"BDAT 200\r\n" + first, b"BDAT %d\r\n" % len(second) + second, b"BDAT 0 LAST\r\n")
    say(lab.servers.exim.port, EHLO, b"MAIL FROM:<alice@client.example> BODY=8BITMIME\r\n", TO_BOB, *chunks, QUIT)


@recorded(
    "STARTTLS with TLS 1.3, LOGIN inside; the keys are beside it",
    "Exim",
    "curl",
    (2525,),
    Expected(
        "EHLO 250, STARTTLS 220, EHLO 250, AUTH 235, MAIL 250, RCPT 250, DATA 250, QUIT 221",
        ("LOGIN alice accepted",),
        (digest(INVITATION),),
    ),
    keylog=True,
)
def exim_starttls_login(lab: Lab) -> None:
    secure = ("--ssl-reqd", "--cacert", lab.servers.certificates.authority)
    curl(lab, lab.servers.exim.port, INVITATION, *curl_login("LOGIN"), *secure, keylog=lab.keylog)


@recorded(
    "STARTTLS offered and refused: the server cannot read its certificate; the client leaves without QUIT",
    "Postfix",
    "swaks",
    (2530,),
    Expected("EHLO 250, STARTTLS 454"),
)
def postfix_starttls_refused(lab: Lab) -> None:
    swaks(lab.servers.postfix.open_port, STATUS, "-tls", code=29)


@recorded(
    "TLS at once on port 465, PLAIN inside; the keys are beside it",
    "Postfix, Dovecot",
    "curl",
    (465,),
    Expected(AUTH_THEN_MAIL, ("PLAIN alice accepted",), (digest(INVITATION),)),
    keylog=True,
)
def postfix_implicit_tls(lab: Lab) -> None:
    secure = (*curl_login("PLAIN"), "--cacert", lab.servers.certificates.authority)
    curl(lab, lab.servers.postfix.tls_port, INVITATION, *secure, scheme="smtps", keylog=lab.keylog)


@recorded(
    "DIGEST-MD5: the client does not like the challenge, answers * and hangs up",
    "Postfix, Dovecot",
    "curl",
    (2526,),
    Expected("EHLO 250, AUTH 501", ("DIGEST-MD5 None cancelled",)),
)
def postfix_digest_md5_cancelled(lab: Lab) -> None:
    clients.curl(lab.servers.postfix.port, *curl_login("DIGEST-MD5"), message=lab.file(STATUS))


@recorded(
    "OAUTHBEARER with a token that is not good; the server says why in JSON before it refuses, the client hangs up",
    "Postfix, Dovecot",
    "curl",
    (2526,),
    Expected("EHLO 250, AUTH 535", ("OAUTHBEARER alice rejected",)),
)
def postfix_oauthbearer_refused(lab: Lab) -> None:
    token = ("--login-options", "AUTH=OAUTHBEARER", "--oauth2-bearer", "lab-bad-token", "-u", "alice:")
    clients.curl(lab.servers.postfix.port, *token, message=lab.file(STATUS))


@recorded(
    "GSSAPI: the client logs in with a Kerberos ticket",
    "Postfix, Dovecot",
    "curl",
    (2526,),
    Expected(AUTH_THEN_MAIL, ("GSSAPI ? accepted",), (digest(STATUS),)),
)
def postfix_gssapi_accepted(lab: Lab) -> None:
    ticket = ("--login-options", "AUTH=GSSAPI", "-u", "alice@LAB.TEST:")
    run = clients.curl(lab.servers.postfix.port, *ticket, message=lab.file(STATUS), env=lab.servers.realm.env)
    assert run.code == 0, run.output


@recorded(
    "over IPv6, without AUTH",
    "Exim",
    "curl",
    (2525,),
    Expected("EHLO 250, MAIL 250, RCPT 250, DATA 250, QUIT 221", (), (digest(STATUS),)),
)
def exim_ipv6(lab: Lab) -> None:
    curl(lab, lab.servers.exim.port, STATUS, "--ipv6")


@recorded(
    "two recipients, one of them refused; the other gets the message",
    "Postfix",
    "swaks",
    (2526,),
    Expected("EHLO 250, MAIL 250, RCPT 250, RCPT 550, DATA 250, QUIT 221", (), (digest(STATUS),)),
)
def postfix_recipient_refused(lab: Lab) -> None:
    swaks(lab.servers.postfix.port, STATUS, to="bob@lab.test,nobody.such@lab.test")


BULK = ("EHLO 250, MAIL 250, " + "RCPT 250, " * 8 + "DATA 250, QUIT 221", (), (digest(NEWS),))


@recorded(
    "harmless bulk mail: one newsletter to twenty-four recipients in three sessions",
    "Postfix",
    "curl",
    (2526,),
    Expected(*BULK),
    Expected(*BULK),
    Expected(*BULK),
)
def postfix_bulk_mail(lab: Lab) -> None:
    for batch in range(3):
        names = [f"--mail-rcpt=reader{batch * 8 + n}@lab.test" for n in range(1, 9)]
        rcpts = [word for name in names for word in name.split("=")]
        run = clients.curl(lab.servers.postfix.port, "--mail-from", "news@shop.example", *rcpts, "-T", lab.file(NEWS))
        assert run.code == 0, run.output


@recorded(
    "a relay: one message to Exim with PLAIN, and on to Postfix with NTLM, pipelining and BDAT",
    "Exim, Postfix, Cyrus SASL",
    "swaks",
    (2525, 2527),
    Expected(AUTH_THEN_MAIL, ("PLAIN alice accepted",), (digest(REPORT),)),
    Expected("EHLO 250, AUTH 235, MAIL 250, RCPT 250, BDAT 250, QUIT 221", ("NTLM alice accepted",), ("",)),
)
def exim_relay_to_postfix(lab: Lab) -> None:
    swaks(lab.servers.exim.port, REPORT, *clients.login("PLAIN"), to="bob@via-exim.test")
    wait_for(lab.servers.exim.folder / "log" / "mainlog", "Completed")


@recorded(
    "monitoring: connect and QUIT; EHLO and QUIT; a message to nobody that ends with RSET",
    "Postfix",
    "a script",
    (2526,),
    Expected("QUIT 221"),
    Expected("EHLO 250, QUIT 221"),
    Expected("HELO 250, MAIL 250, RCPT 250, RSET 250, QUIT 221"),
)
def postfix_monitoring(lab: Lab) -> None:
    say(lab.servers.postfix.port, QUIT)
    say(lab.servers.postfix.port, EHLO, QUIT)
    mail = (b"MAIL FROM:<check@monitor.example>\r\n", b"RCPT TO:<postmaster@lab.test>\r\n")
    say(lab.servers.postfix.port, b"HELO monitor.example\r\n", *mail, b"RSET\r\n", QUIT)


@recorded("nobody listens on the port: SYN, RST", "nobody", "swaks", (NOBODY,))
def connection_refused(_: Lab) -> None:
    swaks(NOBODY, STATUS, code=2)


@recorded(
    "a server that takes the connection and never says a word; the client leaves", "a script", "a script", (SILENT,)
)
def silent_server(_: Lab) -> None:
    with scripted.running(scripted.silent, SILENT), socket.create_connection((HOST, SILENT)):
        time.sleep(2)


@recorded(
    "a person at telnet in character mode who mistypes and mends it with DEL (7F): every key in a packet of its own, "
    "telnet's own octets (FF FD 03 ...) before the first command. The server takes DEL as it comes",
    "Exim",
    "telnet",
    (2525,),
    Expected("* 500, EHLO 250, MAIL 501, MAIL 250, RCPT 250, DATA 250, QUIT 221", (), ("",)),
)
def exim_telnet_backspaces(lab: Lab) -> None:
    with terminal("telnet") as window:
        window.wait_for(b"telnet> ")
        window.type(b"toggle crlf\r")
        window.wait_for(b"telnet> ")
        window.type(b"open 127.0.0.1 %d\r" % lab.servers.exim.port)
        window.wait_for(rb"220 .*\n")
        window.type(b"\x1dmode character\r")
        type_session(window, DELETE)


@recorded(
    "a person at nc with the terminal in raw mode who mistypes and mends it with BS (08)",
    "Exim",
    "nc",
    (2525,),
    Expected("EHLO 501, EHLO 250, MAIL 501, MAIL 250, RCPT 250, DATA 250, QUIT 221", (), ("",)),
)
def exim_nc_backspaces(lab: Lab) -> None:
    raw = f"stty -icanon -echo; exec nc -C {HOST} {lab.servers.exim.port}"
    with terminal("sh", "-c", raw) as window:
        window.wait_for(rb"220 .*\n")
        type_session(window, BACKSPACE)
