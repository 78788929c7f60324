"""What an export speaks of: results, and the names and digests by which they are found again in their bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from evidence.manifest import CARDS, CONTRACT, FINDINGS
from evidence.model import AuditResult, ExtractionCard
from flows import sealed

if TYPE_CHECKING:
    from checks.contract import Contract

#: Names of ours in other tools' formats; nothing is looked up there.
NAMESPACE = "https://probity.example/ns"
PRODUCT = "Probity"
_IDS = uuid5(NAMESPACE_URL, NAMESPACE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ExportSubject:
    """One audit's results. `contract` is None for bundles that do not carry theirs; digests are hexadecimal SHA-256."""

    result: AuditResult
    findings_sha256: str
    cards: Sequence[ExtractionCard]
    cards_sha256: str | None
    run: str
    tool: str
    contract: Contract | None

    @property
    def version(self) -> str:
        """Return the version of the tool that sealed."""
        return self.tool.removeprefix("probity-")

    @property
    def audit(self) -> str:
        """Return the audit's name: contract, edition, period and run."""
        result = self.result
        days = f"{result.period.start:%Y%m%d}-{result.period.end:%Y%m%d}"
        return f"{result.contract.id}/v{result.contract.version}/{days}/{self.run}"

    def id_of(self, *what: str) -> str:
        """Return the UUID of a thing of this run, version 5: the same whenever it is exported."""
        return str(id_in_run(self.run, *what))


def id_in_run(run: str, *what: str) -> UUID:
    """Return a UUID made of a run and names; a name with a slash cannot be taken for two."""
    return uuid5(_IDS, "/".join(part.replace("~", "~0").replace("/", "~1") for part in (run, *what)))


def milliseconds(instant: datetime) -> int:
    """Return an instant as whole milliseconds since 1970, UTC."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def subject_of(audit: sealed.SealedAudit) -> ExportSubject:
    """Return what an export of verified content speaks of."""
    content = audit.content
    return ExportSubject(
        result=audit.result,
        findings_sha256=content.digest(FINDINGS),
        cards=audit.cards,
        cards_sha256=content.digest(CARDS) if audit.has(CARDS) else None,
        run=content.facts.run,
        tool=content.facts.tool,
        contract=audit.contract().contract if audit.has(CONTRACT) else None,
    )
