"""What all tests share: the laws are tried without a clock, the servers of the lab are fixtures."""

import os
import signal

from hypothesis import settings

pytest_plugins = ["lab.fixtures", "pytester"]

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")

# Whoever runs the tests may have them hold when the terminal goes (nohup), and every process that they start with them.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
