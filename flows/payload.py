"""What goes below `data/` in a bundle: contract, method, evidence, results, report and stated limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.engine import versions
from checks.feature_eligibility import features_bytes
from checks.regions import catalogue_bytes
from evidence.canonical import canonical_bytes, sha256_hex
from evidence.errors import OutputFailed
from evidence.families import family
from evidence.manifest import DATA, EXPORTS
from flows.disclosing import LISTED
from flows.reporting import Payload, subject_of, with_reports

if TYPE_CHECKING:
    from checks.contract import Contract
    from checks.judge import Judgement
    from evidence.model import AuditResult
    from flows.engagement import Engagement
    from flows.pipeline import Collected, Run
    from flows.sealer import Sealer
    from infra.source import Gathered

UNLOGGED = "No ledger shows whether other audits of the same period were made and not published."
LOGGED = "Its run is logged. Whether another was withheld, only whoever reads the whole ledger can tell."
OWN_CLOCK = "Time is the auditing party's own clock; no time-stamping authority has confirmed it."
LIMITS = (
    "It does not show that what the vendor or a log stated is true; it shows what was stated, and how that was judged.",
    "It does not show systems, regions or activities that neither the contract, the inventory nor the evidence names.",
    "Raw artefacts are named by digest and kept by the auditing party; they are not in the bundle.",
    OWN_CLOCK,
    UNLOGGED,
    "Prompts and outputs are not in this bundle; the personal columns of its tables hold tokens, not names.",
)


def merge_family(name: str, parts: Sequence[Path], into: Path) -> Path:
    """Return one Parquet file with the rows of all parts in order, written in bounded memory."""
    if len(parts) == 1:
        return parts[0]
    import pyarrow.parquet as pq  # noqa: PLC0415 - only audits pay for Arrow

    from evidence.families.arrow import arrow_schema  # noqa: PLC0415

    target = into / f"{name}.parquet"
    try:
        into.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(target, arrow_schema(family(name)), compression="zstd", compression_level=3) as writer:
            for part in parts:
                with pq.ParquetFile(part) as source:
                    for group in range(source.num_row_groups):
                        writer.write_table(source.read_row_group(group))
    except OSError as cause:
        raise OutputFailed(f"cannot write {name}.parquet: {cause.strerror or cause}") from cause
    return target


def assemble(
    engagement: Engagement,
    run: Run,
    collected: Collected,
    judgement: Judgement,
    result: AuditResult,
    tables: Mapping[str, Path],
    sealer: Sealer,
    disclosed: bytes,
) -> Payload:
    """Return the members below `data/` by path; the same audit gives the same bytes, the PDF's own seal excepted."""
    gathered = collected.gathered
    findings = canonical_bytes(result.as_json())
    cards = canonical_bytes([card.as_json() for card in gathered.cards])
    payload: dict[str, bytes | Path] = {
        "contract/contract.yaml": engagement.versions[-1].loaded.raw,
        "contract/waivers.json": canonical_bytes([w.as_json() for w in engagement.waivers]),
        "contract/commitments.json": canonical_bytes(commitments(engagement.contract)),
        "method/audit.json": canonical_bytes(engagement.published),
        "method/method.json": canonical_bytes(_method(engagement, run, collected)),
        "method/regions.csv": catalogue_bytes(),
        "method/zdr_features.csv": features_bytes(),
        "evidence/cards.json": cards,
        "results/findings.json": findings,
        "results/expectations.json": canonical_bytes(plain(judgement.expectations)),
    }
    payload |= {f"contract/contract-v{v.loaded.contract.version}.yaml": v.loaded.raw for v in engagement.versions[:-1]}
    payload |= {f"method/kernels/{name.replace('@', '-v')}.sql": sql.encode() for name, sql in judgement.sql.items()}
    payload |= {f"evidence/{name}.parquet": path for name, path in tables.items()}
    payload |= {LISTED: disclosed} if disclosed else {}
    exports, lost = _exports(engagement, run, gathered, result, sha256_hex(findings), sha256_hex(cards))
    subject = subject_of(engagement, run, gathered, result, sha256_hex(findings), sealer, limits(sealer))
    made = with_reports(payload | exports, subject)
    return replace(made, missing="; ".join(filter(None, (made.missing, *lost))))


def _exports(
    engagement: Engagement, run: Run, gathered: Gathered, result: AuditResult, findings_sha256: str, cards_sha256: str
) -> tuple[dict[str, bytes], list[str]]:
    """Return the results in the formats that are sealed with the findings, and what is missing of them and why."""
    from flows.export import export  # noqa: PLC0415 - only audits pay for the formats
    from flows.export.complete import ExportIncomplete  # noqa: PLC0415
    from flows.export.subject import ExportSubject  # noqa: PLC0415

    contract = engagement.contract
    subject = ExportSubject(result, findings_sha256, gathered.cards, cards_sha256, run.id, engagement.tool, contract)
    made: dict[str, bytes] = {}
    lost: list[str] = []
    for form, member in EXPORTS.items():
        name = member.removeprefix(DATA)
        try:
            made[name] = export(form, subject)
        except ExportIncomplete as failed:  # like a report, it must not cost the audit
            lost.append(f"the bundle was sealed without {name}: {failed}")
    return made, lost


def commitments(contract: Contract) -> dict[str, Any]:
    """Return the clauses of a contract as read, with what its file leaves to defaults."""
    return {
        name: c.model_dump(mode="json", by_alias=True, exclude_none=True) for name, c in contract.commitments.items()
    }


def _method(engagement: Engagement, run: Run, collected: Collected) -> dict[str, Any]:
    installed = sorted({f"{d.name.lower()}=={d.version}" for d in metadata.distributions() if d.name})
    return {
        "schema": "probity.method/v1",
        "tool": engagement.tool,
        "run": run.id,
        "engine": engagement.engine,
        "versions": versions(engagement.engine),
        "installed_sha256": sha256_hex("\n".join(installed).encode()),
        "problems": list(collected.gathered.problems),
        "failed": sorted(collected.failed),
    }


def plain(value: Any) -> Any:
    """Return a value with every float and large integer as text, which canonical JSON does not carry exactly."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > 2**53):
        return str(value)
    return value


def limits(sealer: Sealer) -> tuple[str, ...]:
    """Return what a bundle sealed so does not show."""
    stated = (limit for limit in LIMITS if limit != OWN_CLOCK or not sealer.stampers)
    return tuple(LOGGED if limit == UNLOGGED and sealer.ledger is not None else limit for limit in stated)
