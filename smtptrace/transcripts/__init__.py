"""Text <-> Connection, one dialect a file."""
