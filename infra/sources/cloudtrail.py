"""`cloudtrail`: a folder of delivered AWS CloudTrail log files, read for what Amazon Bedrock did."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from infra.source import Gathering, Source


class CloudTrail(Source):
    """Log files at any depth, plain or gzip; each Bedrock event becomes rows, everything else is counted."""

    kind: Literal["cloudtrail"] = "cloudtrail"
    path: str = Field(min_length=1, description="folder of log files, relative to the engagement")

    provides: ClassVar[frozenset[str]] = frozenset({"audit_log", "processing_activity"})

    def gather(self, gathering: Gathering) -> None:
        """Store and read every log file; inference becomes `processing_activity` and all of it `audit_log`."""
        from infra.cloudtrail_files import gather_cloudtrail  # noqa: PLC0415 - naming a source must not pay for Arrow

        gather_cloudtrail(self, self.path, gathering)


SOURCE = CloudTrail
