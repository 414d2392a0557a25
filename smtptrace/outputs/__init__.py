"""One form of output a file: table, dialogue, JSON lines."""
