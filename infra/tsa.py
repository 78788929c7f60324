"""A time-stamping authority over HTTP (RFC 3161 section 3.4)."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from asn1crypto import algos, tsp

from evidence import timestamp
from evidence.errors import BadInput, BadTimestamp, OutputFailed, Place, Problem

TIMEOUT_SECONDS = 30
NONCE_BITS = 64
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority, asked with a fresh nonce each time; what it answers is checked before it is kept."""

    url: str
    nonce: Callable[[], int]
    timeout: float = TIMEOUT_SECONDS

    def stamp(self, data: bytes) -> bytes:
        """Return the stamp over data: granted, over these bytes, for this request; OutputFailed otherwise."""
        nonce = self.nonce()
        imprint = {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "hashed_message": hashlib.sha256(data).digest(),
        }
        request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": nonce, "cert_req": True})
        try:
            kept = timestamp.kept(self.answer(request.dump()))
            stamp = timestamp.read(kept, data, self.url)
        except BadTimestamp as cause:
            raise OutputFailed(f"{self.url}: gave no usable time stamp ({cause})") from cause
        if stamp.nonce != nonce:
            raise OutputFailed(f"{self.url}: answered another request than ours")
        return kept

    def answer(self, request: bytes) -> bytes:
        """Return what the authority answers to an encoded request; OutputFailed when it does not, or at length."""
        posted = urllib.request.Request(  # noqa: S310 - the scheme was checked by `authority`
            self.url, data=request, headers={"Content-Type": _QUERY, "Accept": _REPLY}
        )
        try:
            with urllib.request.urlopen(posted, timeout=self.timeout) as reply:  # noqa: S310
                data: bytes = reply.read(timestamp.MAX_STAMP_BYTES + 1)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as cause:
            raise OutputFailed(f"{self.url}: the time-stamping authority does not answer ({cause})") from cause
        if len(data) > timestamp.MAX_STAMP_BYTES:
            raise OutputFailed(f"{self.url}: answered more than {timestamp.MAX_STAMP_BYTES} bytes")
        return data


def authority(url: str, nonce: Callable[[int], int]) -> Authority:
    """Return the authority at an http or https address; BadInput for any other. `nonce` takes a number of bits."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        hint = "write it as https://tsa.example/tsr"
        raise BadInput(Problem("K010", "is not the address of a time-stamping authority", Place(url), hint))
    return Authority(url, lambda: nonce(NONCE_BITS))
