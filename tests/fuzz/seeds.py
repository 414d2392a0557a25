"""Writes seeds for the fuzzers: one well-formed message of each kind.

    python tests/fuzz/seeds.py FOLDER

makes FOLDER/GROUP/NAME for every group of `targets.TARGETS`.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

NEGOTIATE = base64.b64decode("TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=")
CHALLENGE = base64.b64decode(
    "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0A"
    "YQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA="
)
AUTHENTICATE = base64.b64decode(
    "TlRMTVNTUAADAAAAGAAYAGwAAABUAFQAhAAAAAwADABIAAAACAAIAFQAAAAQABAAXAAAABAAEADYAAAANYKI4gUBKAoAAAAPRABvAG0AYQBp"
    "AG4AVQBzAGUAcgBDAE8ATQBQAFUAVABFAFIAhsNQl6yc7BAlVHZKV8zMGaqqqqqqqqqqaM0KuFHlHJaqvJJ76+9qHAEBAAAAAAAAAAAAAAAA"
    "AACqqqqqqqqqqgAAAAACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAAAAAAAxdrSVE/JeZCUzhzpC8nQPg=="
)
SPNEGO = bytes.fromhex("604006062b0601050502a0363034a00e300c060a2b06010401823702020aa2220420") + NEGOTIATE
RESPONSE = bytes.fromhex("a1153013a0030a0103a10c060a2b06010401823702020a")
AP_REQ = bytes.fromhex(
    "605e06092a864886f71201020201006e4f304da003020105a10302010ea20703050020000000a3306"
    "12e302ca003020105a1061b04544553 54a210300ea003020103a10730051b03666f6fa30b3009a003020117a2020400a409"
    "3007a003020112a2000000".replace(" ", "")
)
WRAP = bytes.fromhex("050404ff00000000000000000000000002001000") + b"box@example.com"

SEEDS = {
    "ntlm": (NEGOTIATE, CHALLENGE, AUTHENTICATE),
    "der": (SPNEGO, RESPONSE, AP_REQ, WRAP, NEGOTIATE),
    "sasl": (
        b"\x00\xff\nUsername:\nalice\nPassword:\ngeheim",
        b"\x01\xff\0alice\0geheim",
        b"\x02\xff\n\n" + NEGOTIATE.replace(b"\n", b"") + b"\n" + CHALLENGE.replace(b"\n", b"") + b"\n"
        + AUTHENTICATE.replace(b"\n", b""),
        b"\x03\xff\n\n" + SPNEGO.replace(b"\n", b""),
        b"\x05\x00SHA256 YIIBAA==",
        b"\x06\xff\n<1896.69@example.com>\ntim b913a602c7eda7a495b4e6e7334d3890",
        b'\x08\xff\nrealm="r",nonce="n",qop="auth"\nusername="u",realm="r",nonce="n",cnonce="c",nc=00000001,'
        b'digest-uri="smtp/x",response=00,qop=auth\nrspauth=00\n',
        b"\x09\xffn,,n=user,r=abc\nr=abcdef,s=QSXCR+Q6sek8bf92,i=4096\nc=biws,r=abcdef,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=\nv=AA==\n",
        b'\x0b\xffuser=a@example.com\x01auth=Bearer t\x01\x01\n{"status":"401"}\n',
        b"\x0c\xffn,a=a@example.com,\x01host=h\x01port=587\x01auth=Bearer t\x01\x01",
    ),
    "json": (
        b'{"status":"401","schemes":"bearer mac","scope":"https://mail.example.com/"}',
        b'{"aud":"https://outlook.office.com","exp":1700000000,"nbf":1,"scp":"SMTP.Send","roles":["a"],"upn":"a@example.com"}',
        b"eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c2ln",
    ),
}  # fmt: skip


def main() -> None:
    """Write the seeds."""
    for group, seeds in SEEDS.items():
        folder = Path(sys.argv[1], group)
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds):
            (folder / f"{number:02}").write_bytes(seed)


if __name__ == "__main__":
    main()
