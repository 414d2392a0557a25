"""Real servers and clients on loopback, one file a kind.

A server is a context manager `running(...)` that starts a private instance in its own folder, waits until it answers,
gives its ports, and stops it at the end. `python -m lab` in this folder's parent starts them all.
"""
