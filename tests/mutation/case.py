"""One case of a kind as the mutation run asks it: gathered once, judged over as many changed statements as wanted."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from checks.judge import Evidence, judge
from evidence.model import Finding, Period
from tests.metamorphic.desk import Desk, cases, in_files
from tests.mutation.damages import damages
from tests.mutation.edges import edges
from tests.mutation.session import Memory, Mutate, Room, Tampered
from tests.world import answers, changed, contract_of

#: Seconds after which a mutant counts as noticed because it does not end.
PATIENCE = 20.0


def unchanged(sql: str) -> str:
    """Return a statement as it is."""
    return sql


@dataclass
class Case:
    """One case with its evidence already gathered and its session open."""

    stated: dict[str, Any]
    contract: Any
    period: Period
    as_of: datetime
    evidence: Evidence
    room: Room
    memory: Memory
    plain: Finding = field(init=False)

    def finding(self, mutate: Mutate) -> Finding:
        """Return what the kind says over changed SQL."""
        self.memory.session.enter()
        engine = nullcontext(Tampered(self.memory, mutate))
        return judge(self.contract, self.period, self.as_of, self.evidence, engine).findings[0]

    def answer(self) -> Finding:
        """Return what the kind says, every statement run as a whole."""
        self.memory.session.enter()
        return judge(self.contract, self.period, self.as_of, self.evidence, nullcontext(self.memory.session)).findings[
            0
        ]

    def attempt(self, mutate: Mutate) -> Finding | None:
        """Return what the kind says over changed SQL, or None where that fails or does not end within `PATIENCE`."""
        self.memory.moved = False
        try:
            with self.room.patience(PATIENCE) as tired:
                self.memory.session.enter()
                found = self.plain if self.memory.same(mutate) else self.finding(mutate)
        except Exception:  # noqa: BLE001 - a mutant may fail in any way
            return None
        return None if tired() else found

    def accepts(self, found: Finding) -> bool:
        """Return whether a finding is all that the case states."""
        stated = self.stated
        if "never" in stated:
            return found.status not in stated["never"]
        return not list(answers(found, stated))


def opened(kind: str, desk: Desk, room: Room) -> list[Case]:
    """Gather every case and edge of a kind, and what the storm does to its base, and give each its session."""
    whole = (*cases(kind)["cases"], *edges(kind), *damages(kind))
    return [case_of(kind, stated, desk, room) for stated in whole]


def case_of(kind: str, stated: dict[str, Any], desk: Desk, room: Room) -> Case:
    """Gather one case of a kind and give it its session."""
    whole = cases(kind)
    period = Period.model_validate(stated.get("period", whole["period"]))
    rows = stated["rows"] if "rows" in stated else changed(whole["given"], stated.get("change", {}))
    tables, evidence = desk.evidence(
        in_files(rows), period, stated.get("tamper", ()), stated.get("lose", ()), stated.get("failed", ())
    )
    return Case(
        stated=stated,
        contract=contract_of(kind, whole["terms"] | stated.get("terms", {})),
        period=period,
        as_of=datetime.fromisoformat(stated.get("as_of", whole["as_of"])),
        evidence=evidence,
        room=room,
        memory=Memory(room.session(tables)),
    )
