"""A session played again, against a server that the user names, and what differs (docs/replay.md)."""
