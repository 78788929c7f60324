"""`statuspage`: what a vendor's public status page says of outages; the vendor's own word, and never of data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from evidence.model import Assurance
from infra.examination import Examination, Fetch, Observation
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

    def fetches(self, root: Path) -> Iterator[Fetch]:
        """Say which lists are read of which page."""
        if self.url is None:
            yield from super().fetches(root)
        else:
            for name in self.reads:
                yield Fetch(f"GET {self.url}/api/v2/{ASKED[name]}", "nobody: the page is public", ("service_outages",))

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Ask for each list once."""
        from infra.web.client import Request  # noqa: PLC0415 - naming a source must not pay for HTTP
        from infra.web.examination import looking, needed  # noqa: PLC0415

        if self.url is None:
            yield from super().examine(at)
            return
        egress = hosts(urlsplit(self.url).hostname or "", self.url, at.egress)
        with looking(self.url, {}, egress, at) as client:
            for name in self.reads:
                yield needed(client, Request(f"/api/v2/{ASKED[name]}"))

    def gather(self, gathering: Gathering) -> None:
        """Ask the page, or read what was saved of it."""
        from infra.statuspage_api import gather_page, gather_saved  # noqa: PLC0415 - naming must not pay for Arrow
        from infra.web.client import gathering_client  # noqa: PLC0415

        if self.path is not None:
            gather_saved(self, self.path, gathering)
            return
        address = self.url or ""
        egress = hosts(urlsplit(address).hostname or "", address, gathering.egress)
        with gathering_client(gathering, address, {}, egress) as client:
            gather_page(self, client, self.reads, gathering)


ASKED = {
    "incidents": "incidents.json",
    "maintenances": "scheduled-maintenances.json",
    "components": "components.json",
}

SOURCE = StatusPage
