"""Slots of the schedule into rows: what the ledger and the sealed bundles say became of each."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence import ledger_entry
from evidence.canonical import canonical_bytes, sha256_hex
from evidence.errors import NotLogged, Terminal, VerificationError
from evidence.families import family
from evidence.ledger import read_leaves
from evidence.ledger_audit import examine
from evidence.ledger_entry import Entry
from evidence.model import instant_text
from evidence.statement import StatementFacts
from evidence.trust import Trust
from infra.bundle_folder import statement_of
from infra.ledger_folder import LedgerFolder
from infra.rows import Rows
from infra.schedules import Filled, Schedule, fill
from infra.source import Gathering
from infra.tally import Tally
from infra.trusted import load_all, verified

if TYPE_CHECKING:
    from infra.sources.audits import Audits

NAME = "audit_runs"
MEDIA_TYPE = "application/vnd.probity.slots+json"
#: Slots before the period that are stated as well: the first one inside follows on them.
BEFORE = 2


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a bundle that verified says of its run, and the digest of its file."""

    facts: StatementFacts
    file: str


def gather_slots(source: Audits, ledger: Path, bundles: Path, gathering: Gathering) -> None:
    """State every slot near the period, with its run; Terminal when the ledger is no single history.

    The ledger proves that a run was begun and completed, and its bundle when it was sealed. A completed run whose
    bundle is missing or does not verify has no bundle in its row.
    """
    started, trusts = gathering.now(), load_all(gathering.root, source.trust)
    entries = _entries(ledger, trusts[0])
    rows = []
    for schedule in gathering.schedules:
        for filled in fill(_near(schedule, gathering), gathering.contract, entries):
            sealed = None if filled.completed is None else _sealed(filled, bundles, trusts, gathering)
            rows.append(_row(filled, schedule, sealed, gathering))
    stated = {"schema": "probity.slots/v1", "leaves": [e.as_json() for e in entries], "slots": rows}
    stored = gathering.locker.put(io.BytesIO(canonical_bytes(stated)))
    tally = Tally(source.ledger, gathering.limits)
    if not gathering.schedules:
        tally.problem("audit.yaml has no schedules: there are no slots to hold the ledger against")
    taken = Rows(family(NAME))
    with gathering.part(NAME) as part, gathering.normaliser(NAME, source.kind) as normaliser:
        for number, row in enumerate(rows):
            taken.add(row, artefact=stored.artefact, row=number)
            tally.rows += 1
        if rows:
            part.add(normaliser.typed(taken.take()))
            gathering.keep_part(NAME, part)
    gathering.add_card(
        source, stored, tally, started=started, address=source.ledger, media_type=MEDIA_TYPE, families=(NAME,)
    )


def _entries(folder: Path, trust: Trust) -> list[Entry]:
    if trust.ledger is None:
        raise Terminal("the trust folder has no ledger.vkey, so nobody can say whose ledger that is")
    shelf = LedgerFolder(folder)
    try:
        examine(shelf, trust.ledger, trust.witness)
        return [ledger_entry.parse(leaf) for leaf in read_leaves(shelf)]
    except NotLogged as error:
        raise Terminal(f"the ledger of audits does not verify: {error}") from error


def _near(schedule: Schedule, gathering: Gathering) -> tuple[Any, ...]:
    slots = tuple(schedule.slots(gathering.instant))
    first = next((n for n, slot in enumerate(slots) if slot.at >= gathering.period.start), len(slots))
    return slots[max(0, first - BEFORE) :]


def _sealed(filled: Filled, bundles: Path, trusts: Sequence[Trust], gathering: Gathering) -> Sealed | None:
    entry = filled.completed
    if entry is None:
        return None
    for path in sorted(bundles.glob(f"*-{entry.run}.zip")):
        try:
            content = verified(path, trusts, gathering.instant)
        except VerificationError as error:
            gathering.problem(f"{path.name} does not verify: {error}")
            continue
        if statement_of(content) == entry.statement:
            return Sealed(content.facts, sha256_hex(path.read_bytes()))
    gathering.problem(f"run {entry.run} is in the ledger, and {bundles.name} has no bundle of it that verifies")
    return None


def _row(filled: Filled, schedule: Schedule, sealed: Sealed | None, gathering: Gathering) -> Mapping[str, Any]:
    slot, begun = filled.slot, filled.started
    row: dict[str, Any] = {"schedule_id": slot.schedule, "scheduled_for": instant_text(slot.at)}
    if filled.completed is None or begun is None:
        over = slot.at + schedule.grace < gathering.instant
        return row | {"status": "missed" if over else "scheduled"}
    late = begun.started_at > slot.at + schedule.grace
    return row | {
        "status": "caught_up" if late else "completed",
        "started_at": instant_text(begun.started_at),
        "finished_at": instant_text(sealed.facts.sealed_at) if sealed else None,
        "window_start": instant_text(slot.period.start),
        "window_end": instant_text(slot.period.end),
        "bundle_sha256": sealed.file if sealed else None,
    }
