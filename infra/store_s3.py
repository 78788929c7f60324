"""Bundles in an S3 bucket under Object Lock in compliance mode: nobody shortens it, whoever runs the account included.

This file is what `audit.yaml` may say; the requests are in `locked_bucket`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from infra.locked_bucket import LockedBucket

BucketName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Prefix: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/=-]*$", max_length=200)]
Region: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z0-9]+)+$", max_length=40)]
Endpoint: TypeAlias = Annotated[str, Field(pattern=r"^https?://[^\s@?#]+$")]
KmsKey: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9:/_-]+$", max_length=2048)]

DAYS_A_YEAR_AT_MOST = 366
LONGEST_YEARS = 100  # Object Lock's own limit
_FEBRUARY_29 = (2, 29)


class DisclosurePlace(BaseModel):
    """Where salts and personal values go: never under a lock, since they may have to be deleted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: BucketName | None = Field(default=None, description="a bucket without a default retention")
    prefix: Prefix = Field(default="disclosures", description="what its names begin with")
    kms_key: KmsKey | None = Field(default=None, description="a key of its own: without it nothing can be read again")


class S3Store(BaseModel):
    """A bucket with versioning and Object Lock; identity comes from the standard AWS chain, never from this file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["s3"]
    bucket: BucketName = Field(description="a bucket with versioning and Object Lock")
    prefix: Prefix = Field(default="bundles", description="what the names of bundles begin with")
    region: Region | None = Field(default=None, description="AWS region; that of the environment without it")
    endpoint: Endpoint | None = Field(default=None, description="another service than AWS; or AWS_ENDPOINT_URL")
    kms_key: KmsKey = Field(description="key that encrypts at rest: its id, alias/… or ARN")
    retain: str = Field(pattern=r"^[1-9][0-9]{0,4}[dy]$", description="how long nobody can delete a bundle: 10y, 3650d")
    disclosures: DisclosurePlace = Field(description="where salts and personal values are stored, without a lock")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        number = int(self.retain[:-1])
        if number > (LONGEST_YEARS if self.retain.endswith("y") else LONGEST_YEARS * 365):
            raise ValueError(f"retain: Object Lock takes at most {LONGEST_YEARS} years")
        apart = self.disclosures
        if apart.bucket in {None, self.bucket} and apart.prefix.strip("/") == self.prefix.strip("/"):
            raise ValueError("disclosures: needs a bucket or a prefix of its own")
        return self

    def prepare(self) -> None:
        """Prove that bundles can be locked here and that disclosures would not be, before any work is done."""
        self._open().prepare()

    def put(self, sealed: Path, name: str, at: datetime) -> str:
        """Store a sealed bundle under lock, read it back, and return its address with its version."""
        return self._open().put(sealed, name, retain_until(at, self.retain))

    def fetch(self, name: str, into: Path) -> Path | None:
        """Return a copy in `into` of the newest version of a stored bundle; None when there is none of that name."""
        return self._open().fetch(name, into)

    def _open(self) -> LockedBucket:
        from infra.locked_bucket import LockedBucket  # noqa: PLC0415 - boto3 takes a second to import
        from infra.s3 import open_client  # noqa: PLC0415

        return LockedBucket(open_client(self.region, self.endpoint, f"s3://{self.bucket}"), self)


def retain_until(at: datetime, retain: str) -> datetime:
    """Return the end of a retention of `365d` or `10y` from an instant; calendar years, and never a day less."""
    start, number = at.replace(microsecond=0), int(retain[:-1])
    if retain.endswith("d"):
        return start + timedelta(days=number)
    if (start.month, start.day) == _FEBRUARY_29:
        start += timedelta(days=1)
    return start.replace(year=start.year + number)
