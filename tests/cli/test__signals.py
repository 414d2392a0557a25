"""Which signals tell a command to end."""

import signal

from smtptrace.cli._signals import ending


def test_a_terminal_that_goes_ends_a_command():
    """As Ctrl-C and SIGTERM do."""
    assert ending() == (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def test_nohup_holds():
    """What our parent had us ignore stays ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert ending() == (signal.SIGINT, signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)
