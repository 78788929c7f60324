"""Delete, then retrieve: what was deleted and is still there after the limit contradicts whoever said it is gone.

1. The writing credential makes two files, the reading one gets both (200). Then it tries to delete the second, the
   twin: it should not be able to, so that what is gone later was not deleted by it.
2. The writing credential deletes the first.
3. In an audit after the limit, and after what the clocks may be wrong, the reading credential asks for both again. Only
   while the twin is there does a 404 for the first say anything; and it says nothing of copies and backups.

What was found after the limit becomes rows of `data_lifecycle` and `deletion_requests`, for the clauses to judge by
their own limits, with every instant on the vendor's side of the doubt. What was not found becomes no such row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evidence.errors import SourceError
from evidence.model import instant_text
from infra.probe_round import Asked, Round
from infra.probe_sightings import remember, restate
from infra.probe_state import Moment, Pending, ProbeState, Sighting, uncertainty_ms
from infra.probe_vendors import Vendor, id_of
from infra.web.client import Answer

FAMILY = "deletion_probes"
CONTENT = "A file that an audit made to see whether it can still be read after it was deleted. "
MOST_LOOKS = 10
OK, GONE = 200, 404


@dataclass(slots=True)
class DeletionProbe:
    """One probe at one vendor; `limit` is how long a deletion may take."""

    round: Round
    vendor: Vendor
    state: ProbeState
    writer: Asked
    reader: Asked
    system: str
    limit: timedelta

    def run(self) -> None:
        """Look for what an earlier audit deleted, and delete something for a later one."""
        try:
            self._clear()
            if self.state.kept.pending is not None:
                self._look(self.state.kept.pending)
            if self.state.kept.pending is None:
                self._begin()
        except (SourceError, ValueError) as cause:
            self.round.fault(cause)
        restate(self.round, self.state)

    def _begin(self) -> None:
        probe = f"probity-{self.round.gathering.entropy(8).hex()}"
        subject, created = self._make(probe)
        control, _ = self._make(f"{probe}-twin")
        seen, _ = self._read(subject)
        twin, _ = self._read(control)
        if seen.status != OK or twin.status != OK:
            self._clear()
            raise ValueError("the reading credential does not get what was just made, so that a 404 would say nothing")
        tried, _ = self.round.send(self.reader, self.vendor.delete(control))
        may_delete = tried.status < 300
        deleted, told = self.round.send(self.writer, self.vendor.delete(subject))
        if deleted.status != OK or id_of(told) != subject:
            self._clear()
            raise ValueError(f"the deletion was answered {deleted.status}, and not with what was deleted")
        self.state.keep(
            leftover=(),
            pending=Pending(
                probe=probe,
                subject=subject,
                control=None if may_delete else control,
                created=_moment(created),
                seen=_moment(seen),
                deleted=_moment(deleted),
                reader_may_delete=may_delete,
            ),
        )
        due = deleted.finished + self.limit
        self.round.notes.append(f"{probe} was made and deleted; an audit after {instant_text(due)} looks for it")

    def _look(self, pending: Pending) -> None:
        """Ask for both again, once the limit has passed by our own clock."""
        if self.round.gathering.now() < pending.deleted.at + self.limit:
            due = instant_text(pending.deleted.at + self.limit)
            self.round.notes.append(f"{pending.probe} waits until {due}")
            return
        twin = None if pending.control is None else self._read(pending.control)[0].status
        looked, told = self._read(pending.subject)
        doubt = uncertainty_ms(pending.deleted, _moment(looked))
        passed = looked.started - pending.deleted.at
        if doubt is not None and passed < self.limit + timedelta(milliseconds=doubt):
            self.round.notes.append(f"{pending.probe} waits: the clocks may be wrong by {doubt} ms")
            return
        outcome = _outcome(looked, told, pending.subject, twin, doubt)
        may_change = pending.control is not None and pending.looks + 1 < MOST_LOOKS
        if outcome == "unproven" and may_change:
            self.state.keep(pending=pending.model_copy(update={"looks": pending.looks + 1}))
            self._row(pending, looked.started, outcome, doubt)
            raise ValueError(f"{pending.probe}: answered {looked.status}, its twin {twin}: looked for again next time")
        self._row(pending, looked.started, outcome, doubt)
        if outcome == "found" and doubt is not None:
            self._contradict(pending, looked.started - timedelta(milliseconds=doubt))
        self.state.keep(pending=None, leftover=(pending.control,) if pending.control else ())
        self._clear()

    def _row(self, pending: Pending, looked: datetime, outcome: str, doubt: int | None) -> None:
        row: dict[str, Any] = {"probe_id": pending.probe, "system_id": self.system, "outcome": outcome}
        for name, at in (("created_at", pending.created), ("seen_at", pending.seen), ("deleted_at", pending.deleted)):
            row[name] = instant_text(at.at)
        row |= {"looked_at": instant_text(looked), "limit_s": int(self.limit.total_seconds())}
        row |= {"clock_uncertainty_ms": doubt, "reader_may_delete": pending.reader_may_delete}
        self.round.add(FAMILY, row)
        self.round.found |= {key: value for key, value in row.items() if value is not None}

    def _contradict(self, pending: Pending, seen: datetime) -> None:
        remember(
            self.state,
            Sighting(
                test=self.round.name,
                record=pending.probe,
                system=self.system,
                content_class="prompt",
                captured=pending.created.at,
                deleted=pending.deleted.at,
                seen=seen,
            ),
        )

    def _make(self, name: str) -> tuple[str, Answer]:
        answer, told = self.round.send(self.writer, self.vendor.make(name, CONTENT + name))
        if answer.status != OK:
            raise ValueError(f"making a file was answered {answer.status}")
        made = id_of(told)
        self.state.keep(leftover=(*self.state.kept.leftover, made))
        return made, answer

    def _read(self, thing: str) -> tuple[Answer, Any]:
        return self.round.send(self.reader, self.vendor.read(thing))

    def _clear(self) -> None:
        """Delete what earlier probes left, at most once an audit."""
        for thing in self.state.kept.leftover:
            answer, _ = self.round.send(self.writer, self.vendor.delete(thing))
            if answer.status not in {OK, GONE}:
                raise ValueError(f"deleting what a probe left was answered {answer.status}")
            self.state.keep(leftover=tuple(one for one in self.state.kept.leftover if one != thing))


def _moment(answer: Answer) -> Moment:
    return Moment(at=answer.finished, offset_ms=answer.clock_offset_ms)


def _outcome(looked: Answer, told: Any, subject: str, twin: int | None, doubt: int | None) -> str:
    if doubt is None:
        return "unproven"
    if looked.status == OK:
        return "found" if isinstance(told, dict) and told.get("id") == subject else "unproven"
    return "gone" if looked.status == GONE and twin == OK else "unproven"
