"""An answer to "is this token good?" over HTTP, as Dovecot asks it for XOAUTH2 and OAUTHBEARER."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from lab.accounts import GOOD_TOKEN
from lab.process import HOST

MECHANISMS = "xoauth2 oauthbearer"


class _TokenInfo(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        good = query.get("access_token") == [GOOD_TOKEN]
        facts = {"username": "alice", "email": "alice", "active": "true"} if good else {"error": "invalid_token"}
        body = json.dumps(facts).encode()
        self.send_response(200 if good else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def running() -> Iterator[int]:
    """Answer for `GOOD_TOKEN` alone; gives the port."""
    with http.server.ThreadingHTTPServer((HOST, 0), _TokenInfo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def password_database(folder: Path, port: int) -> str:
    """Lines for Dovecot's configuration that make it ask here; their settings are written into `folder`."""
    settings = folder / "oauth2.conf"
    settings.write_text(
        f"tokeninfo_url = http://{HOST}:{port}/tokeninfo?access_token=\n"
        "username_attribute = email\nactive_attribute = active\nactive_value = true\n"
        "openid_configuration_url = https://idp.lab.test/.well-known/openid-configuration\n"
    )
    return f"passdb {{\n  driver = oauth2\n  mechanisms = {MECHANISMS}\n  args = {settings}\n}}\n"
