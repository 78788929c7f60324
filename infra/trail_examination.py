"""Looking whether a trail and its bucket can be read: the calls of gathering, each once and as small as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from infra.aws_examination import ask
from infra.bucket_objects import region_of
from infra.examination import Examination, Observation, Outcome


def examine_trail(
    s3: Any, cloudtrail: Any, bucket: str, trail: str, prefixes: Sequence[str], at: Examination
) -> Iterator[Observation]:
    """Yield what was seen; `prefixes` that are empty are left out."""
    yield from _examine_calls(cloudtrail, trail, at)
    located, answer = ask(f"locate s3://{bucket}", lambda: s3.get_bucket_location(Bucket=bucket), at)
    yield located
    if located.outcome is not Outcome.FINE:
        return
    region = region_of(answer)
    if at.evidence_regions is not None and region not in at.evidence_regions:
        detail = f"is in {region}, and `evidence_regions` in audit.yaml does not have it"
        yield Observation(f"locate s3://{bucket}", Outcome.MISCONFIGURED, detail)
    for prefix in filter(None, prefixes):
        yield from _examine_prefix(s3, bucket, prefix, at)


def _examine_calls(cloudtrail: Any, trail: str, at: Examination) -> Iterator[Observation]:
    yield ask("cloudtrail:GetTrail", lambda: cloudtrail.get_trail(Name=trail), at)[0]
    status, found = ask("cloudtrail:GetTrailStatus", lambda: cloudtrail.get_trail_status(Name=trail), at)
    yield status
    if status.outcome is Outcome.FINE and not found.get("IsLogging"):
        yield Observation(f"trail {trail}", Outcome.WARNING, "is switched off: nothing is logged now")
    yield ask("cloudtrail:GetEventSelectors", lambda: cloudtrail.get_event_selectors(TrailName=trail), at)[0]
    since = at.now() - timedelta(days=1)
    yield ask("cloudtrail:ListPublicKeys", lambda: cloudtrail.list_public_keys(StartTime=since, EndTime=at.now()), at)[
        0
    ]


def _examine_prefix(s3: Any, bucket: str, prefix: str, at: Examination) -> Iterator[Observation]:
    where = f"s3://{bucket}/{prefix}"
    listed, answer = ask(f"list {where}", lambda: s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1), at)
    contents = answer.get("Contents", ())
    if listed.outcome is Outcome.FINE and not contents:
        yield Observation(listed.what, Outcome.WARNING, "nothing lies there", listed.clock_offset_ms)
        return
    yield listed
    for item in contents:
        first = {"Bucket": bucket, "Key": item["Key"], "Range": "bytes=0-0"}
        yield ask(f"read an object of {where}", lambda first=first: s3.get_object(**first), at)[0]  # type: ignore[misc]
