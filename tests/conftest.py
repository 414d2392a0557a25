"""What all tests share: the laws are tried without a clock, the servers of the lab are fixtures."""

import os

from hypothesis import settings

pytest_plugins = ["lab.fixtures", "pytester"]

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")
