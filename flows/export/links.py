"""Addresses of artefacts as URI references (RFC 3986), whatever characters they have."""

from __future__ import annotations

import re
from urllib.parse import quote

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLAIN = "/:@!$&'()*+,;=-._~?"


def reference(address: str) -> str:
    """Return an address as a URI reference: percent-encoded, and no colon of a path taken for a scheme."""
    written = quote(address, safe=_PLAIN)
    if _SCHEME.match(written):
        return written
    return f"./{written.replace('?', '%3F')}" if ":" in written.partition("/")[0] else written.replace("?", "%3F")
