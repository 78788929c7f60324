"""`statuspage`: what a vendor's public status page says of outages; the vendor's own word, and never of data."""

from __future__ import annotations

from typing import ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from evidence.model import Assurance
from infra.source import Gathering, Source
from infra.web.credential import hosts

Reading = Literal["incidents", "maintenances", "components"]


class StatusPage(Source):
    """A page that speaks Statuspage's API v2, as it is now or as it was saved."""

    kind: Literal["statuspage"] = "statuspage"
    assurance: Assurance = Assurance.CLAIMED
    url: str | None = Field(default=None, pattern=r"^https?://[^/?#@]+$", description="of the page, without a path")
    path: str | None = Field(default=None, min_length=1, description="folder of saved answers")
    reads: tuple[Reading, ...] = Field(
        default=("incidents", "maintenances", "components"), min_length=1, description="what is asked of a page"
    )

    provides: ClassVar[frozenset[str]] = frozenset({"service_outages", "uptime_statements"})

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("give either `url`, of a page, or `path`, a folder of its saved answers")
        return self

    def gather(self, gathering: Gathering) -> None:
        """Ask the page, or read what was saved of it."""
        from infra.statuspage_api import gather_page, gather_saved  # noqa: PLC0415 - naming must not pay for Arrow
        from infra.web.client import Client  # noqa: PLC0415

        if self.path is not None:
            gather_saved(self, self.path, gathering)
            return
        address = self.url or ""
        egress = hosts(urlsplit(address).hostname or "", address, gathering.egress)
        with Client(address, {}, egress, gathering.now) as client:
            gather_page(self, client, self.reads, gathering)


SOURCE = StatusPage
