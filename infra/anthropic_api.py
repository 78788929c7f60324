"""Evidence out of Anthropic's Compliance and Admin APIs, inquiry by inquiry.

Sources: Anthropic API reference. The activity feed is asked oldest first and up to a minute ago, when everything can be
queried; a record that comes twice counts once; what an answer lacks is on its card.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from evidence.checkpoint import Checkpoint, parse_text
from evidence.errors import NotLogged
from evidence.model import instant_text
from infra import anthropic_records as records
from infra import transparency_log as axt
from infra.anthropic_receipts import NOTED, Happened
from infra.family_rows import FamilyRows
from infra.source import Gathering, Source
from infra.tally import Tally
from infra.web.client import Client, Request
from infra.web.inquiry import Follow, Inquiry, Page
from infra.web.listed import Repeated, Row, after, no_more, object_of, take

FEED = ("access_events", "audit_log", "feature_usage", "settings")
FAMILIES = (*FEED, "data_lifecycle")
VERSION = "2023-06-01"
#: An activity can be queried within a minute; whatever is younger is left to the next audit.
VISIBLE_AFTER = timedelta(minutes=1)
ACTIVITIES, LOG = "/v1/compliance/activities", "/v1/compliance/transparency_log"
WHOSE = "/v1/organizations/me"
ORGANIZATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PAGE = "1000"
FOLLOWING = after("after_id", "last_id")


@dataclass(slots=True)
class AnthropicGathering:
    """The inquiries of one organisation under way. `compliance` and `admin` are clients with a credential each."""

    source: Source
    gathering: Gathering
    organization: str
    rows: FamilyRows
    key: str = axt.SIGNING_KEY
    seen: set[str] = field(default_factory=set)
    accesses: list[Mapping[str, Any]] = field(default_factory=list)
    happened: Happened = field(default_factory=Happened)

    def activities(self, client: Client, identity: str) -> None:
        """Read the activity feed of the period, then hold every access against the transparency log."""
        self._feed(client, identity, self.gathering.period.start, min(self.gathering.period.end, self._visible()))
        if self.accesses:
            self._transparency(client, identity)

    def later(self, client: Client, identity: str) -> None:
        """Read what was made and deleted after the period: what was captured in it may be deleted later."""
        if self.gathering.period.end < self._visible():
            only = tuple(("activity_types[]", name) for name in sorted(NOTED))
            self._feed(client, identity, self.gathering.period.end, self._visible(), only)

    def _visible(self) -> datetime:
        return self.gathering.now() - VISIBLE_AFTER

    def _feed(
        self, client: Client, identity: str, start: datetime, end: datetime, only: tuple[tuple[str, str], ...] = ()
    ) -> None:
        query = (
            ("organization_ids[]", self.organization),
            ("order", "asc"),
            ("created_at.gte", instant_text(start)),
            ("created_at.lt", instant_text(end)),
            *only,
            ("limit", PAGE),
        )
        asking = self._inquiry(client, identity, FEED)
        for page in asking.pages(Request(ACTIVITIES, query), FOLLOWING):
            take(asking, page, "data", self._activity, self.rows)
        asking.finish()

    def settings(self, client: Client, identity: str) -> None:
        """Read the effective settings of the organisation."""
        asking = self._inquiry(client, identity, ("settings",))
        path = f"/v1/compliance/organizations/{self.organization}/settings"
        for page in asking.pages(Request(path), no_more):
            when = self._when(page)
            rows_of = partial(records.setting_rows, organization=self.organization, when=when)
            take(asking, page, "settings", rows_of, self.rows)
        asking.finish()

    def workspaces(self, client: Client, identity: str) -> None:
        """Read the residency settings of every workspace; the default one is never in the list."""
        asking = self._inquiry(client, identity, ("settings",))
        first = Request("/v1/organizations/workspaces", (("limit", "100"), ("include_archived", "true")))
        for page in self._own(asking, first, FOLLOWING):
            when = self._when(page)
            take(asking, page, "data", partial(records.workspace_rows, when=when), self.rows, NO_DEFAULT)
        asking.finish()

    def _when(self, page: Page) -> str:
        moment = page.custody.finished
        return json.dumps(None) if moment is None else instant_text(self.gathering.dated(moment))

    def usage(self, client: Client, identity: str) -> None:
        """Read the usage report by day: which models and features were in use, and which geography was asked for."""
        asking = self._inquiry(client, identity, ("feature_usage", "settings"))
        query = (
            ("starting_at", instant_text(self.gathering.period.start)),
            ("ending_at", instant_text(self.gathering.period.end)),
            ("bucket_width", "1d"),
            *(("group_by[]", name) for name in ("model", "workspace_id", "inference_geo", "service_tier")),
        )
        first = Request("/v1/organizations/usage_report/messages", query)
        for page in self._own(asking, first, after("page", "next_page")):
            take(asking, page, "data", records.usage_rows, self.rows, ASKED_FOR)
        asking.finish()

    def _own(self, asking: Inquiry, first: Request, follow: Follow) -> Iterator[Page]:
        """Yield the pages of a list that says not whose it is, once the key is known to be of the organisation."""
        for page in asking.pages(Request(WHOSE), no_more):
            tally = Tally(page.request.text(), self.gathering.limits)
            if why := foreign(page.body, self.organization):
                tally.break_off("what the key reads", why)
            else:
                tally.not_relevant += 1  # whose a key is is no row
            asking.card(page, tally, () if tally.complete else None)
            if tally.complete:
                yield from asking.pages(first, follow)

    def _inquiry(self, client: Client, identity: str, families: tuple[str, ...]) -> Inquiry:
        return Inquiry(self.gathering, self.source, client, identity, families)

    def _activity(self, record: Any) -> Iterator[Row]:
        found = list(records.activity_rows(record))
        if record["id"] in self.seen:
            raise Repeated
        self.seen.add(record["id"])
        self.happened.note(record)
        if record["type"] in axt.TYPES:
            self.accesses.append(record)
        return iter(found)

    def _transparency(self, client: Client, identity: str) -> None:
        """Prove every access by its leaf, and that the log has only grown since the last audit saw it."""
        asking = self._inquiry(client, identity, ("access_events",))
        scope = ("organization_id", self.organization)
        for event in self.accesses:
            query = (scope, ("leaf_index", str(event.get(axt.INDEX))))
            for page in asking.pages(Request(f"{LOG}/inclusion", query), no_more):
                self._prove(asking, page, partial(self._is_leaf, event))
        before = self._last_seen()
        query = (scope, ("from", str(before.size if before else 1)))
        for page in asking.pages(Request(f"{LOG}/consistency", query), no_more):
            self._prove(asking, page, partial(self._grown, before))
        asking.finish()

    def _is_leaf(self, event: Mapping[str, Any], proof: Mapping[str, Any]) -> None:
        axt.check_event(event, proof, self.organization, self.key)

    def _grown(self, before: Checkpoint | None, proof: Mapping[str, Any]) -> None:
        if before is not None:
            found = axt.check_growth(before, proof, self.organization, self.key)
        else:
            found = axt.signed_checkpoint(str(proof.get("checkpoint")).encode(), self.organization, self.key)
        if (path := self._memory()) is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_text(found.text)
            partial.replace(path)

    def _prove(self, asking: Inquiry, page: Page, check: Callable[[Mapping[str, Any]], object]) -> None:
        tally = Tally(page.request.text(), self.gathering.limits)
        try:
            proof = page.json()
            if not isinstance(proof, dict):
                raise NotLogged("AXT_FORM", "the proof is not an object")
            check(proof)
            tally.not_relevant += 1  # a proof is no row
        except (NotLogged, ValueError) as cause:
            tally.break_off("the proof", str(cause))
        asking.card(page, tally, () if tally.complete else ("access_events",))

    def _last_seen(self) -> Checkpoint | None:
        path = self._memory()
        if path is None or not path.exists():
            return None
        return parse_text(path.read_text())

    def _memory(self) -> Path | None:
        journals = self.gathering.journals
        return None if journals is None else journals / f"axt-{self.organization}.checkpoint"


def foreign(body: bytes, organization: str) -> str:
    """Return why what the Admin API says of a key does not show it to be the organisation's; nothing where it does."""
    try:
        found = object_of(json.loads(body)).get("id")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, str) or not ORGANIZATION.fullmatch(found):
        return "the answer does not say of which organisation the key is"
    return "" if found == organization else f"the key is of organisation {found}, and not of {organization}"


NO_DEFAULT = "the default workspace is in no list of workspaces: its settings are not known from here"
ASKED_FOR = (
    "inference_geo in the usage report is what was asked for or the default, not where anything ran; "
    "that processing stayed in the EU cannot be shown by this API"
)
