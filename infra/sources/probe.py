"""`probe`: active tests that send something to a vendor; off unless it is switched on, and they can only contradict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from evidence.model import Assurance
from infra.examination import Examination, Fetch, Observation, Outcome
from infra.source import Gathering, Source
from infra.web.credential import Variable, key_of

Test = Literal["deletion", "storage", "canaries"]


#: What can support a clause, by test; rows of other families only ever contradict.
GIVES: dict[str, tuple[str, ...]] = {"deletion": ("deletion_probes",), "storage": (), "canaries": ("canary_probes",)}


class Probe(Source):
    """Tests at one vendor. `probity plan` shows what they would send; nothing is sent without `enabled: true`."""

    kind: Literal["probe"] = "probe"
    assurance: Assurance = Assurance.OBSERVED
    enabled: bool = Field(default=False, description="whether anything is sent at all")
    vendor: Literal["anthropic", "openai"] = Field(description="whose API is tested")
    does: tuple[Test, ...] = Field(min_length=1, description="which tests are made")
    credential: Variable = Field(description="variable with a key that makes, deletes and asks")
    reader: Variable | None = Field(default=None, description="variable with a key that only looks")
    system: str | None = Field(default=None, min_length=1, description="the system of the inventory that holds files")
    limit_hours: int = Field(default=24, ge=0, le=24 * 400, description="how long a deletion may take")
    model: str | None = Field(default=None, min_length=1, description="the model that is asked")
    scope: str = Field(default="organization", min_length=1, description="what the credential's setting is said of")
    canaries: int = Field(default=5, ge=1, le=50, description="phrases planted in a period, and as many never sent")
    wait_days: int = Field(default=30, ge=0, le=1000, description="how long after planting a model is asked")
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^/]+$", description="of the API")

    provides: ClassVar[frozenset[str]] = frozenset(
        {"canary_probes", "data_lifecycle", "deletion_probes", "deletion_requests", "settings"}
    )

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if "deletion" in self.does and (self.reader is None or self.reader == self.credential):
            raise ValueError("`deletion` needs a `reader` of its own, which cannot delete")
        if {"storage", "canaries"} & set(self.does) and self.model is None:
            raise ValueError("`storage` and `canaries` need a `model`")
        if "storage" in self.does and self.vendor != "openai":
            raise ValueError("`storage` tests OpenAI's `store`; no other vendor has it")
        return self

    @property
    def gives(self) -> frozenset[str]:
        """Return what can support a clause; rows of other families only ever contradict."""
        return frozenset(family for name in self.does for family in GIVES[name]) if self.enabled else frozenset()

    def fetches(self, root: Path) -> Iterator[Fetch]:  # noqa: ARG002 - nothing lies on this disk
        """Say every request that a gathering may send, with names in place of what is drawn at random."""
        from infra.probes import planned  # noqa: PLC0415 - naming a source must not pay for HTTP

        return planned(self)

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Look whether the keys are there; whether they work shows when something is sent."""
        if not self.enabled:
            yield Observation(self.kind, Outcome.FINE, "off: nothing is sent")
            return
        for variable in filter(None, (self.credential, self.reader)):
            key_of(variable, self.kind, at)
            yield Observation(f"{self.kind} {variable}", Outcome.FINE, "there is a key")

    def gather(self, gathering: Gathering) -> None:
        """Run the tests, if they are switched on; raises `BadInput` for a credential that is not there."""
        if not self.enabled:
            gathering.problem("probe: off; `probity plan` shows what it would send, `enabled: true` switches it on")
            return
        from infra.probes import run_probes  # noqa: PLC0415

        with ExitStack() as stack:
            run_probes(self, gathering, stack)

    @property
    def limit(self) -> timedelta:
        """Return how long a deletion may take."""
        return timedelta(hours=self.limit_hours)

    @property
    def wait(self) -> timedelta:
        """Return how long after planting a model is asked."""
        return timedelta(days=self.wait_days)


SOURCE = Probe
