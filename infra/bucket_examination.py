"""Looking whether a bucket of content answers what it will be asked: each setting once, and whom nobody may ask."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from infra.aws_examination import ask
from infra.bucket_objects import owned
from infra.bucket_settings import NOTHING_SET
from infra.examination import Examination, Observation, Outcome

CALLS = (
    *("get_bucket_location", "get_bucket_versioning", "get_bucket_lifecycle_configuration", "get_bucket_encryption"),
    *("get_bucket_replication", "get_object_lock_configuration", "list_bucket_inventory_configurations"),
)


def examine_bucket(s3: Any, bucket: str, account: str, at: Examination) -> Iterator[Observation]:
    """Yield what each call gave; after a bucket that cannot be located, nothing else is asked."""
    for call in CALLS:
        asked = partial(getattr(s3, call), **owned(bucket, account))
        seen, _ = ask(f"{call} of s3://{bucket}", asked, at, NOTHING_SET)
        yield seen
        if call == CALLS[0] and seen.outcome is not Outcome.FINE:
            return
