"""TLS as far as smtptrace needs it: what the clear handshake tells, and the joining of opened records."""
