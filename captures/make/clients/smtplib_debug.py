"""smtplib with set_debuglevel: LEVEL PASSWORD."""

import smtplib
import sys

session = smtplib.SMTP()
session.set_debuglevel(int(sys.argv[1]))
session.connect("127.0.0.1", 22525)
session.ehlo("client.test")
try:
    session.login("alice", sys.argv[2])
    session.sendmail("a@lab.test", ["bob@lab.test"], "Subject: t\r\n\r\nhello\r\n.dot\r\n")
except smtplib.SMTPException as error:
    print(repr(error), file=sys.stderr)
session.quit()
