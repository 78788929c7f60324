"""Fetches certificate revocation lists, from an address or a file, to be archived beside a seal."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path

from cryptography import x509

from evidence.errors import OutputFailed
from evidence.ltv import MAX_LTV_BYTES

TIMEOUT_SECONDS = 30


def fetch(place: str, folder: Path) -> x509.CertificateRevocationList:
    """Return the list at an http(s) address or in a file (relative to `folder`), DER or PEM; OutputFailed otherwise."""
    try:
        data = _download(place) if place.startswith(("http://", "https://")) else (folder / place).read_bytes()
        if len(data) > MAX_LTV_BYTES:
            raise OutputFailed(f"{place}: a revocation list of more than {MAX_LTV_BYTES} bytes")
        return x509.load_pem_x509_crl(data) if b"-----BEGIN" in data else x509.load_der_x509_crl(data)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as cause:
        raise OutputFailed(f"{place}: the revocation list cannot be fetched ({cause})") from cause
    except ValueError as cause:
        raise OutputFailed(f"{place}: is not a certificate revocation list") from cause


def _download(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310 - the caller compared the scheme
        data: bytes = reply.read(MAX_LTV_BYTES + 1)
    return data
