"""aiosmtplib: what its exceptions look like."""

import asyncio
import logging
import traceback

import aiosmtplib

logging.basicConfig(level=0)


async def main() -> None:
    session = aiosmtplib.SMTP(hostname="127.0.0.1", port=22525, start_tls=False)
    await session.connect()
    for step in (
        lambda: session.login("alice", "wrong"),
        lambda: session.sendmail("a@lab.test", ["nobody@lab.test"], "Subject: t\r\n\r\nhi\r\n"),
    ):
        try:
            await step()
        except aiosmtplib.SMTPException:
            traceback.print_exc()
    await session.quit()


asyncio.run(main(), debug=True)
