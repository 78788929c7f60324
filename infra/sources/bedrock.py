"""`bedrock`: what Amazon Bedrock keeps and logs, where profiles may run, and invocation logs without their bodies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.examination import Examination, Fetch, Observation
from infra.source import Gathering, Source

Region = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]
Reading = Literal["settings", "profiles", "models", "invocations"]
GIVES: dict[str, tuple[str, ...]] = {
    "settings": ("settings",),
    "profiles": ("settings",),
    "models": ("settings",),
    "invocations": ("feature_usage", "processing_activity"),
}
CALLS: dict[str, tuple[str, ...]] = {
    "settings": ("GetModelInvocationLoggingConfiguration", "GetAccountDataRetention"),
    "profiles": ("ListInferenceProfiles",),
    "models": ("ListFoundationModels",),
    "invocations": ("GetModelInvocationLoggingConfiguration",),
}
CHAIN = "AWS's standard chain of credentials"


class Bedrock(Source):
    """One account, region by region; what is asked holds for the moment of asking, and logs for their period."""

    kind: Literal["bedrock"] = "bedrock"
    account: str = Field(pattern=r"^[0-9]{12}$", description="its number")
    regions: tuple[Region, ...] = Field(min_length=1, description="regions that are asked")
    reads: tuple[Reading, ...] = Field(
        default=("settings", "profiles", "models"),
        min_length=1,
        description="what is asked; `invocations` are the logs",
    )
    log_system: str | None = Field(
        default=None, min_length=1, max_length=200, description="what contract and inventory call the invocation logs"
    )
    endpoint: str | None = Field(default=None, pattern=r"^https?://", description="of S3, where it is not AWS's own")

    provides: ClassVar[frozenset[str]] = frozenset({"feature_usage", "processing_activity", "settings"})

    @property
    def gives(self) -> frozenset[str]:
        """Return what the readings give that are asked for."""
        return frozenset(family for name in self.reads for family in GIVES[name])

    def fetches(self, root: Path) -> Iterator[Fetch]:  # noqa: ARG002 - nothing lies on this disk
        """Say which calls are made in which region, and whose logs are read."""
        yield Fetch(
            f"sts:GetCallerIdentity in {self.regions[0]}", CHAIN, (), "whether the credentials are the account's"
        )
        for region in self.regions:
            for name in self.reads:
                for call in CALLS.get(name, ()):
                    yield Fetch(f"bedrock:{call} in {region}", CHAIN, GIVES[name], "of the moment")
            if "invocations" in self.reads:
                yield Fetch(f"invocation logs of {region}, where it delivers them", CHAIN, GIVES["invocations"])

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Ask every region what gathering asks it; where logs lie shows only then."""
        from infra.aws import aws_client  # noqa: PLC0415 - naming a source must not need boto3
        from infra.bedrock_examination import examine_account, examine_region  # noqa: PLC0415

        calls = tuple(call for name in self.reads for call in CALLS.get(name, ()))
        yield examine_account(aws_client("sts", self.regions[0], egress=at.egress), self.account, at)
        for region in self.regions:
            yield from examine_region(aws_client("bedrock", region, egress=at.egress), region, calls, at)

    def gather(self, gathering: Gathering) -> None:
        """Ask what `reads` names about every region; what cannot be had is on the region's cards."""
        from infra.aws import aws_client, aws_identity  # noqa: PLC0415 - naming a source must not need boto3
        from infra.bedrock_api import BedrockGathering  # noqa: PLC0415
        from infra.family_rows import FamilyRows  # noqa: PLC0415 - nor Arrow
        from infra.invocation_rows import InvocationReading  # noqa: PLC0415

        gathering.identity = aws_identity()
        sts = partial(aws_client, "sts", self.regions[0], egress=gathering.egress)
        s3 = partial(aws_client, "s3", self.regions[0], self.endpoint, gathering.egress)
        with FamilyRows(gathering, self.kind, sorted(self.provides)) as rows:
            asking = BedrockGathering(self, gathering, rows, self.account, sts)
            logs = InvocationReading(self, gathering, rows, self.account, self.log_system, s3)
            for region in self.regions:
                place = asking.read(region, aws_client("bedrock", region, egress=gathering.egress), self.reads)
                if "invocations" in self.reads:
                    logs.read(region, place)
            logs.features()
            rows.keep(sorted(self.gives))


SOURCE = Bedrock
