"""Realistic subjects for the report: one kept, one broken, one with everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from evidence.model import (
    Assurance,
    AuditResult,
    Bucket,
    ContractRef,
    Coverage,
    Exhibit,
    ExtractionCard,
    Finding,
    Measure,
    Outcome,
    Period,
    Population,
    Reason,
    Severity,
    Status,
    roll_up,
)
from flows.report.subject import ReportSubject

JUNE = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
AS_OF = datetime(2025, 7, 3, 6, tzinfo=UTC)
DIGEST = "9f2c61c1d0b7a4488e5f2f1e0d9c8b7a69584736251403f2e1d0cfbeadbc9e41"
SYSTEMS = ("app-trace", "backup", "inference-log", "prompt-cache", "safety-log")
NEAR = (5210, 30411, 47920, 52008, 41277, 28964, 17180, 9641, 4818, 2004, 822, 304)
HOSTILE = '</title><script>alert(1)</script><img src=x onerror="x"> \u202egnp.exe\u0000\x1b[31m ' + "A" * 5000


def artefact(number: int) -> str:
    return "sha256:" + sha256(str(number).encode()).hexdigest()


def bars(counts: Sequence[int], step: int = 7200) -> tuple[Bucket, ...]:
    return tuple(Bucket(low=str(i * step), high=str((i + 1) * step), count=n) for i, n in enumerate(counts))


def retention(late: Sequence[int] = (), worst: str = "86399", **changes: object) -> Finding:
    kept, broken = sum(NEAR), sum(late)
    known: dict[str, object] = {
        "commitment": "RET-24H",
        "kind": "data-retention-limit",
        "clause": "DPA §4.2 p.7",
        "quote": "shall delete Inputs and Outputs within twenty-four (24) hours",
        "severity": Severity.CRITICAL,
        "status": Status.BREACHED if broken else Status.MET,
        "assurance": Assurance.CORROBORATED,
        "because": f"{broken} of {kept + broken:,} records was kept longer than 24 h, in app-trace"
        if broken
        else f"every one of {kept:,} records was deleted within 24 h, in all five systems",
        "promise": "prompt and output records deleted within 24h",
        "test": "Recomputed the age of every record from its own timestamps, full population, and reconciled the count "
        "per system with an independent meter",
        "population": Population(expected=kept + broken, observed=kept + broken, ok=kept, violation=broken),
        "measure": Measure(name="age", unit="s", limit="86400", worst=worst),
        "distribution": bars((*NEAR, *late)),
        "coverage": tuple(Coverage(subject=s, covered=True, expected=48112, observed=48112) for s in SYSTEMS),
        "exhibits": tuple(
            Exhibit(
                record=f"app-trace/01JX{n:06d}",
                outcome=Outcome.VIOLATION,
                measure=worst,
                artefact=artefact(1),
                why="kept too long",
            )
            for n in range(min(broken, 20))
        ),
        "remedy": {
            "origin": "DEFAULT",
            "text": "material-breach notice; demand deletion and a certificate; count toward termination",
        }
        if broken
        else {},
    }
    return Finding.model_validate({**known, **changes})


def residency(**changes: object) -> Finding:
    known: dict[str, object] = {
        "commitment": "RES-EU",
        "kind": "data-residency",
        "clause": "DPA §7.1 p.10",
        "quote": "processed and stored exclusively within the European Union",
        "severity": Severity.CRITICAL,
        "status": Status.MET,
        "assurance": Assurance.CORROBORATED,
        "because": "all 240,560 requests were processed in IE or DE, and nothing was stored elsewhere",
        "promise": "processing and storage only in EU",
        "test": "Looked up the country of every process, store, backup record by exact region code, full population, "
        "and reconciled processing with an independent request count",
        "population": Population(expected=240565, observed=240565, ok=240565),
        "coverage": (
            Coverage(subject="process", covered=True, expected=240560, observed=240560),
            Coverage(subject="store", covered=True, observed=4),
            Coverage(subject="backup", covered=True, observed=1),
        ),
    }
    return Finding.model_validate({**known, **changes})


def finding(name: str, status: Status, **changes: object) -> Finding:
    known: dict[str, object] = {
        "commitment": name,
        "kind": "no-training-use",
        "clause": "MSA §1 p.1",
        "status": status,
        "because": f"{name} is {status.value}",
        "reasons": (Reason.NO_EVIDENCE,) if status is Status.UNPROVEN else (),
    }
    return Finding.model_validate({**known, **changes})


def card(number: int = 1, **changes: object) -> ExtractionCard:
    known: dict[str, object] = {
        "artefact": artefact(number),
        "size": 18_220_417,
        "media_type": "application/x-ndjson",
        "source": "files",
        "address": f"evidence/data_lifecycle/2025-06-{number:02d}.jsonl",
        "families": ("data_lifecycle",),
        "received": 240_560,
        "rows": 240_558,
        "duplicates": 2,
        "control_total": 240_560,
        "started": AS_OF,
        "finished": AS_OF.replace(second=2),
        "collector": "files 0.1.0",
        "identity": "audit-reader",
        "assurance": Assurance.ATTESTED,
    }
    return ExtractionCard.model_validate({**known, **changes})


def result(*findings: Finding, period: Period = JUNE) -> AuditResult:
    return AuditResult(
        contract=ContractRef(id="msa-2025-114", version=3, sha256=artefact(7).removeprefix("sha256:")),
        period=period,
        as_of=AS_OF,
        status=roll_up(f.status for f in findings),
        findings=findings,
    )


def subject(*findings: Finding, cards: Sequence[ExtractionCard] | None = None) -> ReportSubject:
    return ReportSubject(
        result=result(*findings),
        findings_sha256=DIGEST,
        customer="Acme Bank SE",
        vendor="Example AI, PBC",
        contract_title="Master Services Agreement 2025-114",
        services=("api",),
        term="1 November 2024 to 31 October 2028",
        cards=[card(1), card(2, families=("usage_totals",), received=60, rows=60, duplicates=0, control_total=None)]
        if cards is None
        else cards,
        run="20250703T060000Z-4be1c02",
        tool="probity 0.1.0",
        engine="DuckDB 2.0.1, Great Expectations 1.24.0",
        signer="Acme Bank SE audit key, P-256, sha256:4be1c02f9d3388aa",
        seal_level="simple",
        time_level="local-clock",
        limits=(
            "When it was sealed: no trusted time stamp, the time given is the signer's own clock.",
            "That no other audit was made and withheld: no ledger.",
        ),
        bundle_name="audit-msa-2025-114-2025-06-4be1c02.zip",
    )


def kept() -> ReportSubject:
    return subject(retention(), residency())


def broken() -> ReportSubject:
    return subject(retention((1,), worst="86401"), residency())


def mixed() -> ReportSubject:
    """Return every status, both overlays that exist, gaps, a wide last bar and excused records."""
    soc2 = finding(
        "ATT-SOC2",
        Status.UNPROVEN,
        kind="soc2-type2-attestation",
        clause="MSA §9.3 p.12",
        quote="maintain a SOC 2 Type II report covering each month of the Term",
        promise="SOC 2 Type II (security, confidentiality) covers every day",
        reasons=(Reason.STALE, Reason.INCOMPLETE_COVERAGE),
        because="the report ends on 31 March 2025 and the bridge letter on 31 May 2025, so June has no cover",
        test="Compared the examined period, type, opinion, scope and criteria of every report with the audit period",
        population=Population(observed=2, ok=2),
        coverage=(Coverage(subject="soc2", covered=False, note="30 of 30 days have no valid document"),),
    )
    training = finding(
        "TRN-NONE",
        Status.MET,
        clause="DPA §5.1 p.8",
        quote="shall not use Customer Data to train or improve any model",
        promise="no training on customer content",
        assurance=Assurance.ATTESTED,
        provisional=True,
        because="the vendor attests it for every day, an independent report agrees, and no signal speaks against it",
        test="Looked for any contrary signal and for every required leg: attestation, independent report, settings",
        population=Population(observed=33, ok=33),
        coverage=(Coverage(subject="audit-report", covered=True, note="2 days lie after the examined period"),),
    )
    gap = Coverage(
        subject="prompt-cache", covered=False, expected=48112, observed=48109, note="3 fewer than gateway counted"
    )
    holes = tuple(
        Coverage(subject=s, covered=True, expected=48112, observed=48112) for s in SYSTEMS if s != gap.subject
    )
    late = retention(
        (21, 9, 4, 2, 0, 3),
        worst="344096.25",
        because="37 of 240,596 records were kept longer than 24 h, all in app-trace on 18 June",
        population=Population(expected=240601, observed=240598, ok=240557, violation=37, excused=2, unknown=2),
        coverage=(*holes, gap),
        distribution=(*bars((*NEAR, 21, 9, 4, 2, 0)), Bucket(low="122400", high="344096", count=3)),
        exhibits=tuple(
            Exhibit(
                record=f"app-trace/01JX{n:06d}",
                outcome=Outcome.VIOLATION,
                measure=str(344096 - n * 9000) if n else "344096.25",
                artefact=artefact(1),
                why="kept too long",
            )
            for n in range(20)
        ),
    )
    return subject(
        late,
        training,
        residency(),
        soc2,
        finding(
            "DEL-CERT", Status.NOT_EXERCISED, promise="deletion certified within 30d", because="no exit and no request"
        ),
        finding(
            "BRN-24H", Status.NOT_IN_FORCE, promise="breach notice within 24h", because="in force from 1 August 2025"
        ),
        cards=[card(n) for n in range(1, 6)]
        + [
            card(
                6,
                received=100,
                rows=95,
                duplicates=0,
                not_relevant=2,
                unreadable=3,
                complete=False,
                control_total=103,
                problems=("the file ends in the middle of a record",),
                unreadable_places=("line 17: no UTC offset", "line 44: no UTC offset"),
                source_digest_verified=False,
            )
        ],
    )


def hostile() -> ReportSubject:
    """Return text that tries to break out of the page in every field that others write."""
    bad = finding(
        HOSTILE,
        Status.BREACHED,
        clause=HOSTILE,
        quote=HOSTILE,
        because=HOSTILE,
        promise=HOSTILE,
        test=HOSTILE,
        population=Population(observed=1, violation=1),
        measure=Measure(name=HOSTILE, unit=HOSTILE, limit="1", worst=HOSTILE),
        distribution=(Bucket(low="0", high="1", count=0), Bucket(low="1", high=HOSTILE, count=1)),
        coverage=(Coverage(subject=HOSTILE, covered=False, note=HOSTILE),),
        exhibits=(Exhibit(record=HOSTILE, outcome=Outcome.VIOLATION, measure=HOSTILE, artefact=HOSTILE, why=HOSTILE),),
        remedy={"origin": HOSTILE, "text": HOSTILE},
    )
    cards = [card(address=HOSTILE, query=HOSTILE, problems=(HOSTILE,), identity=HOSTILE, collector=HOSTILE)]
    calm = subject(bad, cards=cards)
    names = ("customer", "vendor", "contract_title", "term", "run", "tool", "engine", "signer", "bundle_name")
    return replace(calm, **dict.fromkeys(names, HOSTILE), services=(HOSTILE,), limits=(HOSTILE,), seal_level=HOSTILE)
