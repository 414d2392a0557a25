"""smtplib with set_debuglevel: LEVEL PASSWORD [tls]."""

import smtplib
import sys

# With TLS it must know the host before it connects, so that the debugging begins after the greeting.
session = smtplib.SMTP(*(("127.0.0.1", 22525) if "tls" in sys.argv else ()))
session.set_debuglevel(int(sys.argv[1]))
if "tls" not in sys.argv:
    session.connect("127.0.0.1", 22525)
session.ehlo("client.test")
if "tls" in sys.argv:
    session.starttls()
    session.ehlo("client.test")
try:
    session.login("alice", sys.argv[2])
    session.sendmail("a@lab.test", ["bob@lab.test"], "Subject: t\r\n\r\nhello\r\n.dot\r\n")
except smtplib.SMTPException as error:
    print(repr(error), file=sys.stderr)
session.quit()
