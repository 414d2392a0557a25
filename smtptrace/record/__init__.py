"""Recording as it happens: from the wire of an interface, and in the middle as a relay."""
