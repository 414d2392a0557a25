"""Starts the servers of the lab on their usual ports and waits for Ctrl-C: `python -m lab`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from lab import certificates, dovecot, exim, kdc, oauth, postfix
from lab.accounts import GOOD_TOKEN, USERS
from lab.process import Unavailable, need_free, private_folder

EXIM, EXIM_TLS = 2525, 4465
POSTFIX, CYRUS, POSTFIX_TLS, OPEN = 2526, 2527, 465, 2530

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Lab:
    """All servers, the authority of their certificate, and the realm that alice has a ticket of."""

    exim: exim.Exim
    postfix: postfix.Postfix
    certificates: certificates.Certificates
    realm: kdc.Realm


@contextlib.contextmanager
def everything() -> Iterator[Lab]:
    """Exim and Postfix on the ports above; each is the next hop of the other."""
    need_free(EXIM, EXIM_TLS, POSTFIX, CYRUS, POSTFIX_TLS, OPEN)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(private_folder())
        made = certificates.make(folder)
        realm = stack.enter_context(kdc.running())
        tokens = oauth.password_database(folder, stack.enter_context(oauth.running()))
        mechanisms = f"{dovecot.MECHANISMS} {kdc.MECHANISMS} {oauth.MECHANISMS}"
        socket = stack.enter_context(dovecot.running(mechanisms, realm.dovecot + tokens, realm.env))
        post = stack.enter_context(postfix.running(made, socket, (POSTFIX, CYRUS, POSTFIX_TLS, OPEN), EXIM))
        yield Lab(stack.enter_context(exim.running(made, EXIM, EXIM_TLS, CYRUS)), post, made, realm)


def _end(_number: int, _frame: FrameType | None) -> None:
    """Leave by way of all that is to be stopped, which no other signal shall break off."""
    for number in _ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def _say(lab: Lab) -> None:
    print(f"Exim: {EXIM}, TLS at once {EXIM_TLS}; mail in {lab.exim.mail}")
    print(f"Postfix: {POSTFIX} (Dovecot), {CYRUS} (Cyrus), TLS at once {POSTFIX_TLS}, no AUTH {OPEN}")
    print(f"accounts: {USERS}, token {GOOD_TOKEN}; authority: {lab.certificates.authority}")
    print(f"tickets: {' '.join(f'{key}={value}' for key, value in lab.realm.env.items())}; Ctrl-C ends it", flush=True)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m lab", description="Starts Exim and Postfix; Ctrl-C ends them.").parse_args()
    for number in _ENDS:
        signal.signal(number, _end)
    try:
        with everything() as lab:
            _say(lab)
            while True:
                signal.pause()
    except Unavailable as missing:
        sys.exit(f"lab: {missing}")
