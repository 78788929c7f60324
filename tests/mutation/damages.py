"""What the tests of `tests/metamorphic` draw at random, drawn here once for each place, as cases for mutants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.families.schema import Type
from evidence.model import Reason, Status
from tests.metamorphic.desk import TORN, base, broken, cases, columns, needed
from tests.world import Rows, changed

Stated = dict[str, Any]
NOT_MET = (Status.MET,)
#: Nothing was proved by what cannot be read.
UNREADABLE = (Status.MET, Status.BREACHED)


def damages(kind: str) -> Iterator[Stated]:
    """Give evidence of a kind with one thing wrong, and which status it must never get, or which it must."""
    yield from _spoilt(kind)
    yield from _lost(kind)
    yield from _documents(kind)
    yield from _violated(kind)
    yield from _unheard(kind)


def _spoilt(kind: str) -> Iterator[Stated]:
    """Null each needed value and strip each instant of its zone, in the first row where it stands."""
    whole = cases(kind)
    for name, listed in base(kind).items():
        instants = columns(name, Type.INSTANT)
        for column in dict.fromkeys((*needed(name), *instants)):
            needless = whole.get("needless", {}).get(name, {})
            standing = [i for i, r in enumerate(listed) if r.get(column) is not None]
            for index in [i for i in standing if column not in needless.get(i, ())][:1]:
                never = NOT_MET if f"{name}" in whole.get("absence_breaks", ()) else UNREADABLE
                for value in (None,) if column not in instants else (None, listed[index][column].removesuffix("Z")):
                    if value is not None or column in needed(name):
                        yield _never(
                            f"{name}[{index}].{column} = {value}", _with(kind, name, index, column, value), never
                        )


def _lost(kind: str) -> Iterator[Stated]:
    """Lose each row that something speaks of, each family, and tear the first line of each."""
    for name, listed in base(kind).items():
        for index in range(len(listed) if name in cases(kind)["indispensable"] else 0):
            rows = base(kind)
            del rows[name][index]
            yield _never(f"{name} without {index}", rows, NOT_MET)
        yield _never(f"{name} empty", base(kind) | {name: []}, NOT_MET)
        yield _never(f"{name} torn", base(kind) | {name: [TORN, *listed[1:]]}, UNREADABLE)
        doubled = base(kind) | {name: [*listed, *listed]}
        yield {"name": f"{name} twice", "rows": doubled, "expect": Status.MET}


def _documents(kind: str) -> Iterator[Stated]:
    """Unsign, alter, or swap each document."""
    for index, row in enumerate(base(kind).get("documents", ())):
        yield _never("unsigned", _with(kind, "documents", index, "signature", "none"), NOT_MET)
        yield _never("altered", base(kind), NOT_MET) | {"tamper": [row["file"]]}
        for column, value in (("holder_entity", "Other Ltd"), ("services", ["other"]), ("kind", "brochure")):
            yield _never(f"other {column}", _with(kind, "documents", index, column, value), NOT_MET)


def _violated(kind: str) -> Iterator[Stated]:
    """One violating record is a breach whatever else is missing."""
    yield {"name": "violated", "rows": broken(kind), "expect": Status.BREACHED}
    violation = cases(kind)["violation"]
    for name in set(base(kind)) - {*violation.get("add", {}), *violation.get("set", {})}:
        rows = {other: listed for other, listed in broken(kind).items() if other != name}
        yield {"name": f"violated without {name}", "rows": rows, "expect": Status.BREACHED}


def _unheard(kind: str) -> Iterator[Stated]:
    """A violation that rests on the silence of a family is unproven while that was not read whole; what was seen is."""
    resting = {name for case in cases(kind)["cases"] for name in case.get("rests_on", ())}
    yield {"name": "violated, the rest unheard", "rows": broken(kind), "expect": Status.BREACHED} | {
        "failed": sorted(set(broken(kind)) - resting)
    }
    for case in cases(kind)["cases"]:
        kept = {key: case[key] for key in ("terms", "period", "as_of") if key in case}
        for name in case.get("rests_on", ()):
            rows = changed(base(kind), case.get("change", {}))
            torn = rows | {name: [*rows.get(name, ()), TORN]}
            said = {"name": f"{case['name']}, {name} unheard", "expect": Status.UNPROVEN}
            yield kept | said | {"rows": torn, "reasons": [Reason.UNREADABLE_ROWS]}
            yield kept | said | {"rows": rows, "failed": [name], "reasons": [Reason.SOURCE_ERROR]}


def _never(name: str, rows: Rows, never: tuple[Status, ...]) -> Stated:
    return {"name": name, "rows": rows, "never": never}


def _with(kind: str, name: str, index: int, column: str, value: object) -> Rows:
    rows = base(kind)
    rows[name][index][column] = value
    return rows
