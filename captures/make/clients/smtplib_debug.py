import smtplib,sys,ssl
s=smtplib.SMTP(); s.set_debuglevel(int(sys.argv[1])); s.connect('127.0.0.1',22525); s.ehlo('client.test')
if len(sys.argv)>3:
    c=ssl.create_default_context(); c.check_hostname=False; c.verify_mode=0; s.starttls(context=c); s.ehlo('client.test')
try:
    s.login('alice',sys.argv[2]); s.sendmail('a@lab.test',['bob@lab.test'],'Subject: t\r\n\r\nhello\r\n.dot\r\n')
except smtplib.SMTPException as e: print(repr(e),file=sys.stderr)
s.quit()
