"""Bedrock's model invocation logs without what was said: which model, when, where, for whom, how much.

Their objects hold prompts and outputs, so they are never kept. An object is read as a stream; what the locker gets is a
reduced copy: a line on the object (its address, size, SHA-256 and MD5) and one for each record with the fields below
and no other. Whoever still has the object can make the same copy again and compare.

Source: "Monitor model invocation using CloudWatch Logs and Amazon S3" in the Amazon Bedrock User Guide: gzip, a record
a line. Without `inferenceRegion` a call behind a profile may have run anywhere, as in CloudTrail.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from evidence.canonical import canonical_bytes
from evidence.errors import LimitExceeded, Terminal, Transient
from infra.bedrock_events import RUNTIME, Event, event_of
from infra.bucket_objects import Listed
from infra.decompress import inflated
from infra.limits import Limits
from infra.lines import read_lines
from infra.strict_json import Decoder, NotJson

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SCHEMA = "probity.invocations/v1"
MEDIA_TYPE = "application/vnd.probity.invocations+jsonl"
PLAIN = ("schemaType", "timestamp", "accountId", "region", "inferenceRegion", "requestId", "operation", "modelId")
TOKENS = {"input": "inputTokenCount", "output": "outputTokenCount"}
GUARDRAIL = "amazon-bedrock-guardrailAction"
#: What is no name and no number is not taken: a field where something was said must not come through.
LONGEST = 2_048
CHUNK = 1024 * 1024


class _Hashed(io.RawIOBase):
    """The stream of an object, hashed and counted as it passes."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self.sha256, self.md5, self.size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        data = self._body.read(len(view))
        self.sha256.update(data)
        self.md5.update(data)
        self.size += len(data)
        view[: len(data)] = data
        return len(data)


def reduced(address: str, limits: Limits, listed: Listed, body: Any) -> BinaryIO:
    """Return the reduced copy of an object, ready to be kept; `address` is that of its bucket.

    Damage ends the copy with a line that says so. Raises `Transient` where fewer bytes come than were listed, and
    `Terminal` where the copy would be larger than a document may be.
    """
    passing = _Hashed(body)
    stream = io.BufferedReader(passing, CHUNK)
    inside = inflated(stream, listed.size, limits)  # held on to: it closes the stream when it goes
    lines: list[bytes] = []
    size, damage = 0, ""
    try:
        for found in _records(inside, limits):
            lines.append(canonical_bytes(found))
            size += len(lines[-1])
            if size > limits.document:
                break
    except (LimitExceeded, Terminal) as cause:
        damage = str(cause)
    if size > limits.document:
        raise Terminal(f"{listed.key}: more than {limits.document} bytes without its bodies")
    while stream.read(CHUNK):
        continue
    if passing.size != listed.size:
        raise Transient(f"{listed.key}: {passing.size} bytes came, {listed.size} were listed")
    whole = {
        "schema": SCHEMA,
        "object": f"{address}/{listed.key}",
        "bytes": str(passing.size),
        "sha256": passing.sha256.hexdigest(),
        "md5": passing.md5.hexdigest(),
        "records": str(len(lines)),
        "damage": damage,
    }
    return io.BytesIO(b"".join(line + b"\n" for line in (canonical_bytes(whole), *lines)))


def _records(stream: BinaryIO, limits: Limits) -> Iterator[dict[str, Any]]:
    decoder = Decoder()
    for line in read_lines(stream, limits.line):
        if line.data is None:
            yield {"unreadable": f"longer than {limits.line} bytes"}
        elif text := line.data.decode("utf-8", "replace").strip():
            try:
                yield _bare(decoder.decode(text))
            except NotJson as cause:
                yield {"unreadable": str(cause)}


def _bare(record: object) -> dict[str, Any]:
    """Return a record without its bodies, its metadata of the caller's, and everything nobody knows."""
    if not isinstance(record, dict) or record.get("schemaType") != "ModelInvocationLog":
        return {"unreadable": "no model invocation log"}
    found = {name: value for name in PLAIN if _is_name(value := record.get(name))}
    if _is_name(code := record.get("errorCode")):
        found["errorCode"] = code
    if _is_name(arn := _part(record, "identity").get("arn")):
        found["identity"] = arn
    for side, tokens in TOKENS.items():
        if type(count := _part(record, side).get(tokens)) is int:
            found[tokens] = str(count)
    said = _part(_part(record, "output"), "outputBodyJson")
    if said.get(GUARDRAIL) in {"INTERVENED", "NONE"}:
        found[GUARDRAIL] = said[GUARDRAIL]
    return found


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


@dataclass(frozen=True, slots=True)
class Reduced:
    """A reduced copy as it lies in the locker: what it says of its object, and its records."""

    about: Mapping[str, Any]
    records: tuple[dict[str, Any], ...]


def read_reduced(path: Path) -> Reduced:
    """Read a reduced copy back; it is our own, and its digest was checked when it was taken out."""
    about, *records = [json.loads(line) for line in path.read_bytes().splitlines()]
    return Reduced(about, tuple(records))


def invocation(record: Mapping[str, Any]) -> Event:
    """Return a reduced record as the event that CloudTrail has of the same call; `NotAnEvent` without a request id."""
    counts = {short: int(record[name]) for short, name in _COUNTS.items() if name in record}
    return event_of(
        {
            "eventSource": RUNTIME,
            "eventID": record.get("requestId"),
            "eventName": record.get("operation"),
            "eventTime": record.get("timestamp"),
            "awsRegion": record.get("region"),
            "requestID": record.get("requestId"),
            "requestParameters": {"modelId": record.get("modelId")},
            "additionalEventData": {"inferenceRegion": record.get("inferenceRegion"), **counts},
            "responseElements": {GUARDRAIL: record.get(GUARDRAIL)},
            "errorCode": record.get("errorCode"),
            "userIdentity": {"arn": record.get("identity")},
        }
    )


_COUNTS = {"inputTokens": "inputTokenCount", "outputTokens": "outputTokenCount"}
