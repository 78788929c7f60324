"""A small world for tests: a contract with one clause, evidence as rows, and an audit over both without patching."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from checks.commitment import Commitment
from checks.commitments import discover
from checks.contract import Contract, parse_contract
from checks.engine.duck import DuckEngine
from checks.judge import Evidence, judge
from evidence.locker import Locker
from evidence.model import Finding, Outcome, Period
from infra.source import Gathered, Gathering
from infra.sources.files import Files

VENDOR = "Vendor Ltd"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
#: Rows by family; a text among them stands for a line that nobody can read.
Rows = dict[str, list[Any]]


def load_cases(path: Path) -> Any:
    """Return a cases file as plain values, YAML 1.2."""
    return YAML(typ="safe", pure=True).load(path)


def contract_of(kind: str, terms: Mapping[str, Any], kinds: Mapping[str, type[Commitment]] | None = None) -> Contract:
    """Return a contract whose only clause, P, is of this kind."""
    clause = {"kind": kind, "clause": "DPA §1 p.1", "severity": "major"} | dict(terms)
    document = {
        "probity": "contract/v1",
        "id": "test",
        "version": 1,
        "customer": {"name": "Acme Bank SE"},
        "vendor": {"name": VENDOR},
        "services": ["api"],
        "term": {"from": "2024-01-01", "to": "2027-12-31"},
        "commitments": {"P": {k: v for k, v in clause.items() if v is not None}},
    }
    return parse_contract(json.dumps(document).encode(), "contract.yaml", kinds or discover()).contract


def changed(given: Rows, change: Mapping[str, Any]) -> Rows:
    """Return the rows after `set`, `drop`, `add`, `without`, `empty` and `drop_column`, in this order."""
    rows = copy.deepcopy(given)
    for name, edits in change.get("set", {}).items():
        for index, values in edits.items():
            rows[name][int(index)] |= values
    for name, indices in change.get("drop", {}).items():
        rows[name] = [r for i, r in enumerate(rows[name]) if i not in indices]
    for name in change.get("without", ()):
        rows.pop(name, None)
    for name, more in change.get("add", {}).items():
        rows.setdefault(name, []).extend(more)
    for name in change.get("empty", ()):
        rows[name] = []
    for name, columns in change.get("drop_column", {}).items():
        rows[name] = [{k: v for k, v in r.items() if k not in columns} for r in rows[name]]
    return rows


def answers(finding: Finding, stated: Mapping[str, Any]) -> Iterator[str]:
    """Give everything that a case states and a finding does not say.

    `counted` says of a subject of the coverage how many were observed of how many, as `3 of 4`; `against` which records
    say the opposite of a breach.
    """
    said = {
        "expect": finding.status,
        "assurance": finding.assurance,
        "provisional": finding.provisional,
        "worst": finding.measure and finding.measure.worst,
        "uncovered": [c.subject for c in finding.coverage if not c.covered],
        "against": [e.record for e in finding.exhibits if e.outcome is Outcome.OK],
    }
    said |= {name: getattr(finding.population, name) for name in stated.get("population", {})}
    wanted = {name: stated[name] for name in said if name in stated}
    wanted |= stated.get("population", {}) | stated.get("counted", {})
    said |= {c.subject: f"{c.observed} of {c.expected}" for c in finding.coverage}
    yield from (f"{name}: {said.get(name)}, not {value}" for name, value in wanted.items() if said.get(name) != value)
    yield from (f"the reason {reason} is missing" for reason in set(stated.get("reasons", ())) - set(finding.reasons))
    if "reasons" in stated and stated.get("no_other_reason"):
        yield from (f"the reason {reason} is one too many" for reason in set(finding.reasons) - set(stated["reasons"]))


def write_evidence(folder: Path, rows: Rows, tamper: tuple[str, ...] = (), lose: tuple[str, ...] = ()) -> None:
    """Write rows as JSON lines, with a file for every document row; `tamper` alters a byte after it was hashed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, listed in rows.items():
        lines = []
        for row in listed:
            if isinstance(row, str):
                lines.append(row + "\n")
                continue
            if name == "documents" and "file_sha256" not in row and row.get("file"):
                content = f"document {row['file']}".encode()
                row = row | {"file_sha256": hashlib.sha256(content).hexdigest()}  # noqa: PLW2901
                if row["file"] not in lose:
                    (folder / row["file"]).write_bytes(b"D" + content[1:] if row["file"] in tamper else content)
            lines.append(json.dumps(row) + "\n")
        (folder / f"{name}.jsonl").write_text("".join(lines))


def gather_folder(folder: Path, period: Period) -> Gathered:
    """Return what the files source makes of a folder `evidence` inside `folder`."""
    gathering = Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=period,
        now=lambda: NOW,
        token=lambda value: "token:" + hashlib.sha256(value.encode()).hexdigest()[:16],
    )
    Files(path="evidence").gather(gathering)
    return gathering.gathered()


def audit_rows(
    folder: Path,
    contract: Contract,
    rows: Rows,
    period: Period,
    as_of: datetime,
    tamper: tuple[str, ...] = (),
    lose: tuple[str, ...] = (),
    engine: type[DuckEngine] = DuckEngine,
) -> Finding:
    """Return the finding of a contract's only clause over these rows, gathered and judged as in an audit."""
    write_evidence(folder / "evidence", rows, tamper, lose)
    gathered = gather_folder(folder, period)
    evidence = Evidence(frozenset(gathered.tables), gathered.cards)
    return judge(contract, period, as_of, evidence, engine(gathered.tables)).findings[0]
