"""Starts the servers of the lab on their usual ports and waits for Ctrl-C: `python -m lab`."""

from __future__ import annotations

import contextlib
import signal

from lab import certificates, dovecot, exim, postfix
from lab.accounts import USERS
from lab.process import private_folder

EXIM, EXIM_TLS = 2525, 4465
POSTFIX, CYRUS, POSTFIX_TLS, OPEN = 2526, 2527, 4466, 2530


@contextlib.contextmanager
def everything():
    """Exim and Postfix on the ports above; each is the next hop of the other."""
    with contextlib.ExitStack() as stack:
        made = certificates.make(stack.enter_context(private_folder()))
        socket = stack.enter_context(dovecot.running())
        post = stack.enter_context(postfix.running(made, socket, (POSTFIX, CYRUS, POSTFIX_TLS, OPEN), EXIM))
        yield stack.enter_context(exim.running(made, EXIM, EXIM_TLS, CYRUS)), post, made


if __name__ == "__main__":
    with everything() as (exim_server, postfix_server, made):
        print(f"Exim: {EXIM}, TLS at once {EXIM_TLS}; mail in {exim_server.mail}")
        print(f"Postfix: {POSTFIX} (Dovecot), {CYRUS} (Cyrus), TLS at once {POSTFIX_TLS}, no AUTH {OPEN}")
        print(f"accounts: {USERS}; authority: {made.authority}; Ctrl-C ends it", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
