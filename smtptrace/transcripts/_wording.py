"""How logs say what is not on the wire: failures, and where TLS begins."""

from __future__ import annotations

import re

FAILED = re.compile(
    r"refused|wrong version|timed? ?out|timeout|never received|no route|unreachable|reset by"
    r"|handshake|SSL|TLS|error|fail|could not|cannot|closed"
    r"|unable to connect|exception|certificate|not support|no worthy|mechanism|credential|lost connection|encode|secure"
    r"|getaddrinfo|not known|no such host|required|advertise|reject|denied|blocked|non-SMTP|length|permitted",
    re.I,
)
"""How logs say that a connection failed."""

TLS_READY = re.compile(rb"220[ -](?:2\.\d\.\d\b|.{0,60}(?:TLS|go ahead))", re.I)
"""The reply to STARTTLS, where the command is not shown."""

TLS_NAMED = re.compile("tls|ssl|secure", re.I)
"""One of the words without which no log says that TLS has begun."""

TLS_BEGAN = re.compile(
    r"TLS started with cipher (?P<v1>[^:\s]+):(?P<c1>[^:\s]+)|SSL connection using (?P<v2>\S+)(?: / (?P<c2>\S+))?"
    r"|TLS protocol (?:SP_PROT_)?(?P<v3>\S+?)(?:_(?:SERVER"
    r"|CLIENT))? negotiation succeeded(?: using.*? algorithm (?P<c3>\S+))?"
    r"|Connection (?:upgraded with STARTTLS|secured)|Secure connection established|SSL initialization success"
    r"|TLS session parameters|\(?(?:the )?TLS (?:handshake|negotiation|session|connection)[\w ]{0,20}"
    r" (?:ok|done|complete|successful|succeeded|finished|established)\w*|(?:TLS|SSL) connection established"
    r"|isSSL true|(?:STARTTLS|TLS) (?:succeeded|successful|established|active)",
    re.I,
)
"""How logs say that TLS has begun."""
