"""CloudTrail's own proof that its log files are whole: hourly digests, each signed, each naming the one before it.

Source: AWS CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
integrity validation". The signed text is four lines: end of the hour, `bucket/key`, SHA-256 of the inflated digest, and
the previous digest's signature or `null`. A chain proves nothing about its own end: whether the newest digests are
there shows only against what the trail says it delivered last.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from infra.strict_json import Decoder, NotJson

ALGORITHM = "SHA256withRSA"
#: Digests are delivered about once an hour; so much may lie between the end of the newest and its delivery.
DELIVERY = timedelta(hours=2)
MAX_LOGS = 100_000
#: Digests of log files that came late, as their names say; the time in a digest's name is the end of its hour.
BACKFILL = "_backfill"
KEYED_TIME = re.compile(r"_([0-9]{8}T[0-9]{6}Z)(?:_backfill)?\.json\.gz$")
#: Files are called `<account>_CloudTrail_<region>_<time>_<random>.json.gz`.
NAMED_TIME = re.compile(r"_([0-9]{8}T[0-9]{4}Z)_[^/]*$")


@dataclass(frozen=True, slots=True)
class Delivered:
    """One digest as it lies in the bucket: key, inflated bytes, and the signature of its metadata in hexadecimal."""

    key: str
    body: bytes = field(repr=False)
    signature: str
    algorithm: str = ALGORITHM


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a chain, in a word for programs and a sentence for people, and the object it is about."""

    code: str
    key: str
    why: str


@dataclass(slots=True)
class Chain:
    """What the digests of one trail in one region prove: log files by key with their SHA-256, for joined hours."""

    logs: dict[str, str] = field(default_factory=dict)
    hours: list[tuple[datetime, datetime]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)  # digests that do not verify; what they name is not proven

    def fault(self, code: str, key: str, why: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(code, key, why))


@dataclass(frozen=True, slots=True)
class _Digest:
    delivered: Delivered
    start: datetime
    end: datetime
    stated: Mapping[str, Any]
    sha256: str


def validate(
    bucket: str,
    delivered: Iterable[Delivered],
    keys: Mapping[str, bytes],
    *,
    first: datetime,
    last: datetime,
    newest: datetime | None,
) -> Chain:
    """Return what the digests prove of the hours from `first` to `last`.

    `keys` are AWS's public keys by fingerprint (PKCS#1 DER, from `ListPublicKeys`), `newest` is when the trail says it
    delivered its latest digest. For every digest: (1) it can be read and lies where it says; (2) its signature
    verifies; (3) it names the one before it by hash and by signature; (4) its hour joins the hour before. For all of
    them: (5) they reach from `first` to `last`; (6) the newest is the one that the trail delivered last. (7) Backfill
    digests are a chain of their own, signed alike, that names log files which came later; it fills no hour.
    """
    chain = Chain()
    digests = sorted(
        (d for one in delivered if (d := _read(bucket, one, chain)) is not None), key=lambda d: (d.end, d.delivered.key)
    )
    late = [digest for digest in digests if BACKFILL in digest.delivered.key]
    digests = [digest for digest in digests if BACKFILL not in digest.delivered.key]
    before: _Digest | None = None
    for digest in digests:
        _verify(digest, bucket, keys, chain)  # 2
        _link(digest, before, chain)  # 3, 4
        if digest.delivered.key not in chain.unsure:
            chain.hours.append((digest.start, digest.end))
            _take(digest, chain)
        before = digest
    _reach(digests, chain, first, last)  # 5
    _end(digests, chain, newest)  # 6
    for digest in late:  # 7
        _verify(digest, bucket, keys, chain)
        _link_late(digest, late, chain, first)
        if digest.delivered.key not in chain.unsure:
            _take(digest, chain)
    return chain


def inflated_sha256(chunks: Iterable[bytes]) -> str:
    """Return the SHA-256 of a log file as it inflates, which is what digests name."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


class LogFound(NamedTuple):
    """A log file as it lies in the bucket: SHA-256 as it inflates, and when S3 says that it was delivered."""

    sha256: str
    delivered_at: datetime


def compare(chain: Chain, found: Mapping[str, LogFound]) -> tuple[Fault, ...]:
    """Return what differs between the log files that digests name and those that are there, by key.

    A file that none of them names, though it was delivered within their hours or says so in its name, was put there by
    somebody else: whoever adds one later cannot choose the time that S3 keeps, and would choose the name.
    """
    faults = [
        Fault("LOG_MISSING", key, "named by a digest and not in the bucket") for key in chain.logs if key not in found
    ]
    faults += [
        Fault("LOG_CHANGED", key, "does not have the digest that CloudTrail signed")
        for key, log in found.items()
        if key in chain.logs and chain.logs[key] != log.sha256
    ]
    faults += [
        Fault("LOG_UNLISTED", key, "was delivered within the digests' hours, and none of them names it")
        for key, log in found.items()
        if key not in chain.logs and (_within(chain, log.delivered_at) or _named_within(chain, key))
    ]
    return tuple(faults)


def _within(chain: Chain, moment: datetime) -> bool:
    return any(start <= moment < end for start, end in chain.hours)


def _named_within(chain: Chain, key: str) -> bool:
    """Return whether a log file's name puts it so far before the end of the digests that one of them must name it."""
    found = NAMED_TIME.search(key)
    if found is None or not chain.hours:
        return False
    try:
        named = datetime.strptime(found[1], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return _within(chain, named) and named + DELIVERY <= chain.hours[-1][1]


def _read(bucket: str, delivered: Delivered, chain: Chain) -> _Digest | None:
    key = delivered.key
    try:
        stated = Decoder().decode(delivered.body.decode())
        if not isinstance(stated, dict):
            raise ValueError("not a JSON object")
        start, end = (_instant(stated[name]) for name in ("digestStartTime", "digestEndTime"))
        if (stated["digestS3Bucket"], stated["digestS3Object"]) != (bucket, key):
            chain.fault(
                "DIGEST_MOVED", key, "says that it lies elsewhere: a digest is valid only where it was delivered"
            )
            return None
        if not isinstance(stated["logFiles"], list) or len(stated["logFiles"]) > MAX_LOGS or end <= start:
            raise ValueError("its hour or its list of log files is not one")
    except (KeyError, TypeError, ValueError, NotJson, UnicodeDecodeError) as cause:
        chain.fault("DIGEST_UNREADABLE", key, f"is no digest ({type(cause).__name__})")
        return None
    return _Digest(delivered, start, end, stated, hashlib.sha256(delivered.body).hexdigest())


def _instant(text: object) -> datetime:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("an instant without a zone")
    return moment.astimezone(UTC)


def _verify(digest: _Digest, bucket: str, keys: Mapping[str, bytes], chain: Chain) -> None:
    key, stated = digest.delivered.key, digest.stated
    encoded = keys.get(str(stated.get("digestPublicKeyFingerprint")))
    if encoded is None:
        return _unsure(chain, "KEY_UNKNOWN", key, "was signed with a key that AWS does not list for its hour")
    previous = stated.get("previousDigestSignature") or "null"
    text = f"{stated['digestEndTime']}\n{bucket}/{key}\n{digest.sha256}\n{previous}"
    try:
        public = load_der_public_key(encoded)
        if not isinstance(public, rsa.RSAPublicKey) or digest.delivered.algorithm != ALGORITHM:
            raise UnsupportedAlgorithm(digest.delivered.algorithm)
        public.verify(bytes.fromhex(digest.delivered.signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return _unsure(chain, "SIGNATURE", key, "its signature does not verify")
    return None


def _unsure(chain: Chain, code: str, key: str, why: str) -> None:
    chain.unsure.add(key)
    chain.fault(code, key, why)


def _link(digest: _Digest, before: _Digest | None, chain: Chain) -> None:
    key, stated = digest.delivered.key, digest.stated
    if before is None:
        return None
    if stated.get("previousDigestS3Object") is None:
        return chain.fault("CHAIN_RESTARTED", key, "begins a new chain: logging was stopped before its hour")
    if stated["previousDigestS3Object"] != before.delivered.key:
        return chain.fault("DIGEST_MISSING", key, "names a digest before it that is not there")
    if stated.get("previousDigestHashValue") != before.sha256:
        chain.fault("PREVIOUS_HASH", key, "names another hash than that of the digest before it")
    if str(stated.get("previousDigestSignature", "")).lower() != before.delivered.signature.lower():
        chain.fault("PREVIOUS_SIGNATURE", key, "names another signature than that of the digest before it")
    if digest.start != before.end:
        chain.fault("HOURS_APART", key, f"begins at {digest.start:%Y-%m-%dT%H:%M:%SZ}, the one before ended otherwise")
    return None


def _link_late(digest: _Digest, late: Sequence[_Digest], chain: Chain, first: datetime) -> None:
    """Compare a backfill digest with the one that it names before it, where that lies in the time that is looked at."""
    key, stated = digest.delivered.key, digest.stated
    named = stated.get("previousDigestS3Object")
    before = next((one for one in late if one.delivered.key == named), None)
    if named is None:
        return  # nothing came late before it
    if before is None:
        found = KEYED_TIME.search(str(named))
        if found is None or found[1] >= f"{first:%Y%m%dT%H%M%SZ}":
            chain.fault("DIGEST_MISSING", key, "names a backfill digest before it that is not there")
        return
    if stated.get("previousDigestHashValue") != before.sha256:
        chain.fault("PREVIOUS_HASH", key, "names another hash than that of the backfill digest before it")
    if str(stated.get("previousDigestSignature", "")).lower() != before.delivered.signature.lower():
        chain.fault("PREVIOUS_SIGNATURE", key, "names another signature than that of the backfill digest before it")
    return


def _take(digest: _Digest, chain: Chain) -> None:
    for entry in digest.stated["logFiles"]:
        key, value = (entry.get("s3Object"), entry.get("hashValue")) if isinstance(entry, dict) else (None, None)
        if not isinstance(key, str) or not isinstance(value, str) or entry.get("hashAlgorithm") != "SHA-256":
            chain.fault("DIGEST_UNREADABLE", digest.delivered.key, "names a log file without a SHA-256")
        elif chain.logs.setdefault(key, value.lower()) != value.lower():
            chain.fault("LOG_NAMED_TWICE", digest.delivered.key, "names a log file with another hash than before")


def _reach(digests: Sequence[_Digest], chain: Chain, first: datetime, last: datetime) -> None:
    where = digests[0].delivered.key if digests else ""
    if not digests:
        return chain.fault("NO_DIGESTS", "", "no digest is there: log file validation is off, or they were removed")
    if digests[0].start > first:
        chain.fault("BEGINS_LATE", where, f"the oldest digest begins at {digests[0].start:%Y-%m-%dT%H:%M:%SZ}")
    if digests[-1].end < last:
        newest = digests[-1]
        chain.fault("ENDS_EARLY", newest.delivered.key, f"the newest digest ends at {newest.end:%Y-%m-%dT%H:%M:%SZ}")
    return None


def _end(digests: Sequence[_Digest], chain: Chain, newest: datetime | None) -> None:
    if digests and newest is not None and newest - digests[-1].end > DELIVERY:
        why = f"the trail delivered a digest at {newest:%Y-%m-%dT%H:%M:%SZ}, and the newest that is there is older"
        chain.fault("NEWEST_MISSING", digests[-1].delivered.key, why)
