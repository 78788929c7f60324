"""`s3`: buckets that hold content: where they are, what encrypts and copies them, and how old their objects are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from infra.examination import Examination, Fetch, Observation
from infra.source import Gathering, Source

CHAIN = "AWS's standard chain of credentials"
Region = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class ContentBucket(BaseModel):
    """A bucket, and what the contract calls it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="of the bucket")
    system: Text | None = Field(default=None, description="what contract and inventory call it; else its name")
    prefix: str = Field(default="", max_length=1024, description="only objects whose keys begin so hold content")
    content: tuple[Literal["prompt", "output", "derived", "metadata"], ...] = Field(
        default=(), description="what each object holds; its age is then read from inventories"
    )
    tenants: tuple[Text, ...] = Field(default=(), description="all whose content the bucket's key protects")


class S3(Source):
    """Buckets of one account. S3 answers for the moment of asking; inventories for the days on which they were made."""

    kind: Literal["s3"] = "s3"
    account: str = Field(pattern=r"^[0-9]{12}$", description="its number: a bucket of another one is not believed")
    buckets: tuple[ContentBucket, ...] = Field(min_length=1, description="what is asked about")
    region: Region = Field(description="region whose endpoint is asked first")
    endpoint: str | None = Field(default=None, pattern=r"^https?://", description="of S3, where it is not AWS's own")

    provides: ClassVar[frozenset[str]] = frozenset(
        {
            *("data_lifecycle", "encryption_keys", "processing_activity"),
            *("replication_configs", "settings", "storage_configs"),
        }
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({(bucket.name, bucket.prefix) for bucket in self.buckets}) < len(self.buckets):
            raise ValueError("a bucket and prefix is given twice")
        return self

    @property
    def gives(self) -> frozenset[str]:
        """Return what these buckets give: ages only of those with `content`, keys only of those with `tenants`."""
        without = {"data_lifecycle"} if not any(one.content for one in self.buckets) else set()
        without |= {"encryption_keys"} if not any(one.tenants for one in self.buckets) else set()
        return self.provides - without

    def fetches(self, root: Path) -> Iterator[Fetch]:  # noqa: ARG002 - nothing lies on this disk
        """Say which buckets are asked about, and whose inventories are read."""
        for one in self.buckets:
            settings = tuple(sorted(self.gives - {"data_lifecycle"}))
            yield Fetch(f"settings of s3://{one.name}", CHAIN, settings, f"of the moment; account {self.account}")
            if one.content:
                yield Fetch(f"inventories of s3://{one.name}/{one.prefix}", CHAIN, ("data_lifecycle",))

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Ask every bucket what gathering asks it."""
        from infra.aws import aws_client  # noqa: PLC0415 - naming a source must not need boto3
        from infra.bucket_examination import examine_bucket  # noqa: PLC0415

        s3 = aws_client("s3", self.region, self.endpoint, at.egress)
        for name in dict.fromkeys(one.name for one in self.buckets):
            yield from examine_bucket(s3, name, self.account, at)

    def gather(self, gathering: Gathering) -> None:
        """Ask about every bucket and read the inventories of those with `content`."""
        from infra.aws import aws_client, aws_identity  # noqa: PLC0415 - naming a source must not need boto3
        from infra.bucket_gathering import BucketGathering  # noqa: PLC0415 - nor Arrow
        from infra.bucket_settings import Wanted  # noqa: PLC0415
        from infra.family_rows import FamilyRows  # noqa: PLC0415

        gathering.identity = aws_identity()
        egress = gathering.egress
        s3 = aws_client("s3", self.region, self.endpoint, egress)
        with FamilyRows(gathering, self.kind, sorted(self.provides)) as rows:
            asking = BucketGathering(self, gathering, rows, s3, lambda place: aws_client("kms", place, egress=egress))
            for one in self.buckets:
                asking.read(
                    Wanted(one.name, one.system or one.name, self.account, one.prefix, one.content, one.tenants)
                )
            # Where no ages were asked for, an empty table would say that nothing was stored.
            rows.keep(sorted(self.gives))


SOURCE = S3
