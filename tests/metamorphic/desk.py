"""One place where every test of this folder audits: the base of each kind, and evidence laid out in files at will.

Each family is gathered from a folder of its own and kept, so that an example pays only for what it changed.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from checks.commitments import discover
from checks.judge import Evidence, judge
from evidence.families import family
from evidence.families.schema import Type
from evidence.model import Finding, Period, Status
from infra.source import Gathered
from tests.metamorphic.quick import QuickEngine
from tests.world import Rows, changed, contract_of, gather_folder, load_cases

CASES = Path(__file__).parents[1] / "commitments"
#: Kinds that have cases; `test_bases` fails for one that has none.
KINDS = tuple(kind for kind in sorted(discover()) if (CASES / kind / "cases.yaml").exists())

#: A line that nobody can read: which record stood there is not known.
TORN = '{"torn'

#: The rows of one family, file by file.
Files = Mapping[str, Sequence[Sequence[Any]]]


@cache
def cases(kind: str) -> dict[str, Any]:
    """Return the cases file of a kind; nobody may change what it returns."""
    return load_cases(CASES / kind / "cases.yaml")


def base(kind: str) -> Rows:
    """Return a copy of the compliant evidence of a kind."""
    return copy.deepcopy(cases(kind)["given"])


def broken(kind: str) -> Rows:
    """Return the compliant evidence of a kind with one violating record in it."""
    return changed(base(kind), cases(kind)["violation"])


def in_files(rows: Rows) -> Files:
    """Return rows as one file for each family."""
    return {name: [listed] for name, listed in rows.items()}


def columns(name: str, kind: Type) -> tuple[str, ...]:
    """Return the columns of one type that evidence states in a family."""
    return tuple(c.name for c in family(name).columns if c.type is kind)


def needed(name: str) -> tuple[str, ...]:
    """Return the columns without which a family is unreadable."""
    return tuple(c.name for c in family(name).columns if c.needed)


def same_answer(finding: Finding) -> dict[str, Any]:
    """Return everything a finding says, save the digests of artefacts, which follow how rows lie in files."""
    said = finding.as_json()
    for exhibit in said["exhibits"]:
        exhibit.pop("artefact")
    return said


class Desk:
    """Audits over one temporary folder. `tamper` and `lose` name document files; `failed` families of a lost source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._gathered: dict[str, Gathered] = {}
        self._found: dict[str, Finding] = {}

    def audit(
        self,
        kind: str,
        files: Files,
        *,
        tamper: Sequence[str] = (),
        lose: Sequence[str] = (),
        failed: Sequence[str] = (),
        engine: Any = None,
    ) -> Finding:
        """Return the finding of a kind's clause over evidence that lies in files as given."""
        key = _digest(kind, files, tamper, lose, failed, str(engine))
        if key not in self._found:
            self._found[key] = self._audit(kind, files, tuple(tamper), tuple(lose), frozenset(failed), engine)
        return self._found[key]

    def status(self, kind: str, rows: Rows, **how: Any) -> Status:
        """Return the status alone, over one file for each family."""
        return self.audit(kind, in_files(rows), **how).status

    def evidence(
        self,
        files: Files,
        period: Period,
        tamper: Sequence[str] = (),
        lose: Sequence[str] = (),
        failed: Sequence[str] = (),
    ) -> tuple[dict[str, Sequence[Path]], Evidence]:
        """Return the tables and what judging needs to know besides, gathered from files as given."""
        found = [self._gather(name, parts, period, tuple(tamper), tuple(lose)) for name, parts in files.items()]
        tables = {name: paths for part in found for name, paths in part.tables.items()}
        cards = tuple(c for part in found for c in part.cards)
        return tables, Evidence(frozenset(tables), cards, frozenset(failed))

    def _audit(
        self,
        kind: str,
        files: Files,
        tamper: tuple[str, ...],
        lose: tuple[str, ...],
        failed: frozenset[str],
        engine: Any,
    ) -> Finding:
        period = Period.model_validate(cases(kind)["period"])
        tables, evidence = self.evidence(files, period, tamper, lose, tuple(failed))
        as_of = datetime.fromisoformat(cases(kind)["as_of"])
        return judge(contract(kind), period, as_of, evidence, (engine or QuickEngine)(tables)).findings[0]

    def _gather(
        self, name: str, parts: Sequence[Sequence[Mapping[str, Any]]], period: Period, *spoilt: tuple[str, ...]
    ) -> Gathered:
        key = _digest(name, parts, spoilt, str(period))
        if key not in self._gathered:
            folder = self._folder / key
            (folder / "evidence" / name).mkdir(parents=True)
            for number, rows in enumerate(parts):
                stated = [_with_file(folder / "evidence", r, *spoilt) for r in rows] if name == "documents" else rows
                text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in stated)
                (folder / "evidence" / name / f"{number}.jsonl").write_text(text)
            self._gathered[key] = gather_folder(folder, period)
        return self._gathered[key]


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def contract(kind: str) -> Any:
    """Return the contract whose only clause is of this kind, with the terms of its cases."""
    return contract_of(kind, cases(kind)["terms"])


def _with_file(
    folder: Path, row: Mapping[str, Any] | str, tamper: tuple[str, ...], lose: tuple[str, ...]
) -> Mapping[str, Any] | str:
    """Write the file a document row speaks of and return the row with the digest of what was meant."""
    if isinstance(row, str) or not isinstance(row.get("file"), str) or not row["file"].strip():
        return row
    content = f"document {row['file']}".encode()
    if row["file"] not in lose:
        (folder / row["file"]).write_bytes(b"D" + content[1:] if row["file"] in tamper else content)
    return {"file_sha256": hashlib.sha256(content).hexdigest(), **row}
