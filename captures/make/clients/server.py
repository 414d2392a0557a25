import asyncio, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
from aiosmtpd.controller import Controller
class H:
    async def handle_RCPT(self, server, session, envelope, address, opts):
        if address.startswith('nobody'): return '550 5.1.1 <%s>: no such user' % address
        envelope.rcpt_tos.append(address); return '250 2.1.5 Ok'
    async def handle_DATA(self, server, session, envelope): return '250 2.0.0 Ok: queued as AB12CD34'
def auth(server, session, envelope, mech, data):
    ok = data.login==b'alice' and data.password==b'Secret123!'
    return AuthResult(success=ok) if ok else AuthResult(success=False, handled=False)
import subprocess,os
if not os.path.exists('c.pem'): subprocess.run('openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 300 -subj /CN=localhost',shell=True,capture_output=True)
ctx=ssl.create_default_context(ssl.Purpose.CLIENT_AUTH); ctx.load_cert_chain('c.pem','k.pem')
def f(): return SMTP(H(), hostname='lab.test', authenticator=auth, auth_require_tls=False, tls_context=ctx, ident='ESMTP ready')
async def main():
    loop=asyncio.get_running_loop()
    s=await loop.create_server(f,'127.0.0.1',22525); s2=await loop.create_server(f,'127.0.0.1',22465,ssl=ctx)
    await asyncio.sleep(7000)
asyncio.run(main())
