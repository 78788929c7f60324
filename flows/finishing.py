"""The end of every audit, from the payload on: seal and publish, now or after an interruption.

Whatever was done before is looked up, never assumed: the state machine is in docs/sealing.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from checks.codes import Code
from evidence.bundle import seal_members
from evidence.container import Member
from evidence.errors import BadInput, NotLogged, OutputFailed, Place, Problem
from evidence.ledger_run import Announced, Superseded
from evidence.statement import StatementFacts
from evidence.verify import verify
from flows.reporting import REPORT_PDF
from flows.sealer import Sealer
from infra.sealing_record import Record
from infra.store import Store
from infra.unfinished import Unfinished

MAX_SEALINGS = 8  # one is enough unless other audits of the same contract end in the same second
Now = Callable[[], datetime]


def seal_kept(held: Unfinished, sealer: Sealer, now: Now, members: Sequence[Member] | None = None) -> Path:
    """Return the sealed bundle of a run whose payload is kept; `members` is the payload where it was just written.

    1. a bundle that is sealed is verified again; 2. the PDF report is sealed, before the manifests that cover it;
    3. seals that were kept are used: the ledger may commit to them; 4. without them, or when another audit of the
    contract was completed in between, they are made anew.
    """
    record = held.record
    bundle = held.work / record.bundle
    if bundle.exists():  # 1
        verify(bundle, sealer.trust(), at=now()).content()
        return bundle
    announced = _announced(record, sealer)
    payload = _certified(held, sealer, now, held.members() if members is None else members)  # 2
    sealer = replace(sealer, disclosures=held.disclosed())
    draft = held.seals() if announced else None  # 3
    for attempt in range(MAX_SEALINGS):
        facts = draft.facts if draft else _facts(record, announced, now())  # 4
        sealing = sealer.sealing(now, announced, held.keep_seals, sealed=draft is not None)
        try:
            return seal_members(bundle, payload, facts, sealing, draft.files if draft else {})
        except Superseded:
            draft = None
            if attempt + 1 == MAX_SEALINGS:
                raise
    raise OutputFailed("no attempt to seal was allowed")


def publish_kept(held: Unfinished, store: Store, now: Now) -> str:
    """Put the sealed bundle into the store and remove what is not needed any more; return the bundle's address."""
    record = held.record
    address = store.put(held.work / record.bundle, record.bundle, now())
    held.remove()
    return address


def check_begun(record: Record, sealer: Sealer, tool: str, work: Path) -> None:
    """Raise `BadInput` unless a run is finished with what it was begun with, which its report names already."""
    for what, begun, now in (("keys", record.keys, sealer.identity), ("program", record.tool, tool)):
        if begun != now:
            hint = f"restore what it was begun with, or remove {work}: the ledger keeps its start as open"
            said = f"run {record.run} was begun with another {what} ({begun}) than now ({now})"
            raise BadInput(Problem(Code.MALFORMED, said, Place("audit.yaml"), hint))


def _certified(held: Unfinished, sealer: Sealer, now: Now, members: Sequence[Member]) -> Sequence[Member]:
    """Return the payload with its PDF report sealed, where there is one and a key for it."""
    record = held.record
    if sealer.pdf is None or REPORT_PDF not in record.payload or REPORT_PDF in record.certified:
        return members
    sealed = held.certify(REPORT_PDF, sealer.pdf.seal(held.content(REPORT_PDF), now()))
    return [sealed if member.name == sealed.name else member for member in members]


def _announced(record: Record, sealer: Sealer) -> Announced | None:
    if record.start is None or sealer.ledger is None:
        return None
    announced = Announced.again(sealer.ledger, record.start.leaf.encode(), record.start.proof.encode())
    if announced.entry.run != record.run:
        raise NotLogged("LEDGER_ENTRY_FORM", f"the start that run {record.run} kept is of run {announced.entry.run}")
    return announced


def _facts(record: Record, announced: Announced | None, sealed_at: datetime) -> StatementFacts:
    return StatementFacts(
        run=record.run,
        contract=record.contract,
        period=record.period,
        as_of=record.as_of,
        status=record.status,
        findings_sha256=record.findings_sha256,
        sealed_at=sealed_at,
        tool=record.tool,
        previous=announced.previous() if announced else None,
        ledger=announced.logged() if announced else None,
    )
