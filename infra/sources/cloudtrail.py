"""`cloudtrail`: AWS CloudTrail log files, in a folder or in their bucket, read for what Amazon Bedrock did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from infra.examination import Examination, Fetch, Observation
from infra.source import Gathering, Source

CHAIN = "AWS's standard chain of credentials"
Account = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]


class CloudTrail(Source):
    """Log files at any depth, plain or gzip; each Bedrock event becomes rows, everything else is counted.

    From a bucket they are fetched with their digests, whose chain is validated, after the trail was asked what it logs.
    """

    kind: Literal["cloudtrail"] = "cloudtrail"
    path: str | None = Field(default=None, min_length=1, description="folder of log files, relative to the engagement")
    bucket: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="S3 bucket")
    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9!_.*'()/-]*$", description="prefix before `AWSLogs/`")
    organization: str | None = Field(default=None, pattern=r"^o-[a-z0-9]{10,32}$", description="of a trail of it")
    accounts: tuple[Account, ...] = Field(default=(), description="accounts whose log files are read")
    regions: tuple[Region, ...] = Field(default=(), description="regions whose log files are read")
    trail: str | None = Field(default=None, min_length=3, description="name or ARN of the trail, to ask what it logs")
    trail_region: Region | None = Field(default=None, description="home region of the trail; the first of `regions`")
    endpoint: str | None = Field(default=None, pattern=r"^https?://", description="of S3, where it is not AWS's own")

    provides: ClassVar[frozenset[str]] = frozenset({"audit_log", "processing_activity"})

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.bucket is None):
            raise ValueError("give either `path`, a folder, or `bucket`")
        if self.bucket is not None and not (self.accounts and self.regions and self.trail):
            raise ValueError("a bucket needs `accounts`, `regions` and `trail`: what the trail logs must be known")
        if self.bucket is None and (self.accounts or self.regions or self.trail or self.prefix):
            raise ValueError("`accounts`, `regions`, `trail` and `prefix` go with `bucket`")
        return self

    def fetches(self, root: Path) -> Iterator[Fetch]:
        """Say which prefixes of the bucket are read, and what the trail is asked."""
        if self.path is not None:
            yield from super().fetches(root)
            return
        given = tuple(sorted(self.provides))
        yield Fetch(f"CloudTrail {self.trail}: what it logs", CHAIN, (), "without it every log file is blind")
        for account in self.accounts:
            for region in self.regions:
                parts = (self.prefix.strip("/"), "AWSLogs", self.organization, account)
                below = f"s3://{self.bucket}/" + "/".join(part for part in parts if part)
                yield Fetch(f"{below}/CloudTrail-Digest/{region}/", CHAIN, (), "proves the log files whole")
                yield Fetch(f"{below}/CloudTrail/{region}/", CHAIN, given)

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Ask the trail what gathering asks it, and read one object of the bucket."""
        if self.path is not None:
            yield from super().examine(at)
            return
        from infra.aws import aws_client  # noqa: PLC0415 - naming a source must not need boto3
        from infra.trail_examination import examine_trail  # noqa: PLC0415

        home = self.trail_region or self.regions[0]
        prefixes = tuple(fetch.address.partition(f"{self.bucket}/")[2] for fetch in self.fetches(at.root))
        s3, trail = aws_client("s3", home, self.endpoint, at.egress), aws_client("cloudtrail", home, egress=at.egress)
        yield from examine_trail(s3, trail, self.bucket or "", self.trail or "", prefixes, at)

    def gather(self, gathering: Gathering) -> None:
        """Store and read every log file; inference becomes `processing_activity` and all of it `audit_log`."""
        if self.path is not None:
            from infra.cloudtrail_files import gather_cloudtrail  # noqa: PLC0415 - naming a source must not need Arrow

            gather_cloudtrail(self, self.path, gathering)
            return
        from infra.aws import aws_client, aws_identity  # noqa: PLC0415 - nor boto3
        from infra.cloudtrail_bucket import Place, Trail, gather_bucket  # noqa: PLC0415

        places = tuple(Place(account, region) for account in self.accounts for region in self.regions)
        trail = Trail(self.trail or "", self.bucket or "", self.prefix, self.organization, places)
        gathering.identity = aws_identity()
        home = self.trail_region or self.regions[0]
        s3 = aws_client("s3", home, self.endpoint, gathering.egress)
        gather_bucket(self, trail, s3, aws_client("cloudtrail", home, egress=gathering.egress), gathering)


SOURCE = CloudTrail
