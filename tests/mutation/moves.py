"""Small changes of a case's evidence, drawn at random around what one mutant speaks of."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from checks.commitments import discover
from evidence.families import family
from evidence.families.schema import Column, Type
from tests.metamorphic.desk import cases
from tests.world import Rows, changed

Stated = dict[str, Any]
#: Where a change is made: in which part of the case, family by family, at which row.
Place = tuple[str, str, int]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")
_UNITS = {"h": 3600, "d": 86400, "m": 60, "s": 1, "w": 604800}
_LENGTH = re.compile(r"\b(\d+)([hdmsw])\b")
CONTEXT = 220


class Moves:
    """Draws changes of the cases of one kind."""

    def __init__(self, kind: str, seed: int) -> None:
        self._kind, self._random = kind, random.Random(seed)
        self._whole = cases(kind)
        self._families = tuple(need.family for need in discover()[kind].needs)
        self._values: dict[tuple[str, str], list[Any]] = {}
        for case in ({}, *self._whole["cases"]):
            for name, rows in changed(self._whole["given"], case.get("change", {})).items():
                for row in (r for r in rows if isinstance(r, dict)):
                    for column, value in row.items():
                        seen = self._values.setdefault((name, column), [])
                        if value not in seen and len(seen) < 60:
                            seen.append(value)

    def drawn(self, near: str) -> tuple[Stated, frozenset[str]]:
        """Return a case of one to three changes, and the words that it touched; `near` is SQL around a mutant."""
        stated = self._base()
        touched = set[str]()
        for _ in range(self._random.choice((1, 1, 1, 2, 2, 3))):
            touched |= self._move(stated, near)
        return stated, frozenset(touched)

    def _base(self) -> Stated:
        draw = self._random
        listed = self._whole["cases"]
        first = listed[0] if draw.random() < 0.45 else draw.choice(listed)
        kept = ("change", "terms", "period", "as_of", "tamper", "lose")
        return {key: copy.deepcopy(first[key]) for key in kept if key in first} | {"of": first["name"]}

    def _move(self, stated: Stated, near: str) -> set[str]:
        draw = self._random
        chance = draw.random()
        if chance < 0.06:
            return self._crossed(stated)
        if chance < 0.12:
            return self._times(stated)
        places = list(self._places(stated))
        if not places:
            return set()
        words = set(re.findall(r"\w+", near))
        fitting = [(p, c) for p in places for c in self._columns(p[1]) if c.name in words]
        if not fitting or draw.random() < 0.25:
            fitting = [(p, c) for p in places for c in self._columns(p[1])]
        place, column = draw.choice(fitting)
        if chance < 0.2:
            self._removed(stated, place)
            return {place[1]}
        row = self._row(stated, place)
        value = self._value(stated, place[1], column, row, near)
        if chance < 0.42:
            added = copy.deepcopy(row) | {column.name: value}
            self._change(stated).setdefault("add", {}).setdefault(place[1], []).append(added)
        else:
            self._set(stated, place, column.name, value)
        return {column.name, place[1]}

    def _columns(self, name: str) -> tuple[Column, ...]:
        return tuple(c for c in family(name).columns if c.name != "defects")

    def _change(self, stated: Stated) -> dict[str, Any]:
        change: dict[str, Any] = stated.setdefault("change", {})
        return change

    def _places(self, stated: Stated) -> Iterator[Place]:
        change = stated.get("change", {})
        gone = {*change.get("without", ()), *change.get("empty", ())}
        for name in dict.fromkeys((*self._whole["given"], *change.get("add", {}))):
            if name not in self._families or name in gone:
                continue
            for index, row in enumerate(self._whole["given"].get(name, ())):
                if isinstance(row, dict) and index not in change.get("drop", {}).get(name, ()):
                    yield ("given", name, index)
            for index, row in enumerate(change.get("add", {}).get(name, ())):
                if isinstance(row, dict):
                    yield ("add", name, index)

    def _row(self, stated: Stated, place: Place) -> dict[str, Any]:
        part, name, index = place
        if part == "add":
            return dict(stated["change"]["add"][name][index])
        return self._whole["given"][name][index] | _edits(stated.get("change", {}), name).get(index, {})

    def _set(self, stated: Stated, place: Place, column: str, value: Any) -> None:
        part, name, index = place
        if part == "add":
            stated["change"]["add"][name][index][column] = value
            return
        edits = self._change(stated).setdefault("set", {}).setdefault(name, {})
        key = next((k for k in edits if int(k) == index), index)
        edits[key] = {**edits.get(key, {}), column: value}

    def _removed(self, stated: Stated, place: Place) -> None:
        part, name, index = place
        if part == "add":
            del stated["change"]["add"][name][index]
        else:
            dropped = self._change(stated).setdefault("drop", {})
            dropped[name] = [*dropped.get(name, ()), index]

    def _crossed(self, stated: Stated) -> set[str]:
        other = self._random.choice(self._whole["cases"])
        mine = self._change(stated)
        for key, value in copy.deepcopy(other.get("change", {})).items():
            if isinstance(value, list):
                mine[key] = [*dict.fromkeys((*mine.get(key, ()), *value))]
                continue
            for name, more in value.items():
                held = mine.setdefault(key, {})
                if key == "set":
                    ours = _edits(mine, name)
                    held[name] = ours | {int(i): ours.get(int(i), {}) | edit for i, edit in more.items()}
                else:
                    held[name] = [*held.get(name, ()), *more]
        if "terms" in other:
            stated["terms"] = stated.get("terms", {}) | copy.deepcopy(other["terms"])
        return {"everything"}

    def _times(self, stated: Stated) -> set[str]:
        draw = self._random
        period = dict(stated.get("period", self._whole["period"]))
        known = self._instants(changed(self._whole["given"], stated.get("change", {})))
        if not known:
            return set()
        at = draw.choice(known) + draw.choice((-TICK, timedelta(0), timedelta(0), TICK))
        which = draw.choice(("from", "to", "as_of"))
        if which == "as_of":
            stated["as_of"] = _written(at)
        else:
            stated["period"] = period | {which: _written(at)}
        return {"everything"}

    def _instants(self, rows: Rows) -> list[datetime]:
        return [_read(t) for t in sorted(set(_INSTANT.findall(repr(rows)))) if _read(t)]

    def _value(self, stated: Stated, name: str, column: Column, row: dict[str, Any], near: str) -> Any:
        draw = self._random
        chance = draw.random()
        if chance < 0.15:
            return None
        if column.type is Type.BOOL:
            return not row.get(column.name)
        if column.type is Type.INSTANT:
            return self._instant(stated, row, near)
        if column.type is Type.NUMBER:
            numbers = [int(n) for n in re.findall(r"\b\d{1,12}\b", near)] + [0, 1]
            held = row.get(column.name)
            numbers += [held] if isinstance(held, int) else []
            return draw.choice(numbers) + draw.choice((-1, 0, 0, 1))
        if column.type is Type.DATE:
            return self._date(stated, name, column)
        seen = self._values.get((name, column.name), [])
        words = [*column.allowed, *re.findall(r"'([^'\n]{1,40})'", near), *seen, *seen]
        value = draw.choice(words) if words else "other"
        return value if column.type is not Type.LIST or isinstance(value, list) else [value]

    def _date(self, stated: Stated, name: str, column: Column) -> str:
        draw = self._random
        days = [v for v in self._values.get((name, column.name), []) if isinstance(v, str) and len(v) == 10]
        period = stated.get("period", self._whole["period"])
        days += [str(period["from"])[:10], str(period["to"])[:10]]
        try:
            day = datetime.fromisoformat(draw.choice(days)).date() + timedelta(days=draw.choice((-1, 0, 0, 1)))
        except ValueError:
            return "2025-06-01"
        return day.isoformat()

    def _instant(self, stated: Stated, row: dict[str, Any], near: str) -> str:
        draw = self._random
        period = stated.get("period", self._whole["period"])
        edges = [str(period["from"]), str(period["to"]), str(stated.get("as_of", self._whole["as_of"]))]
        literals = [EPOCH + timedelta(microseconds=int(n)) for n in re.findall(r"\b1\d{15}\b", near)]
        own = self._instants({"row": [row]})
        known = self._instants(changed(self._whole["given"], stated.get("change", {})))
        pool = draw.choice([p for p in (literals, [_read(e) for e in edges], own, own, known) if p] or [[EPOCH]])
        terms = repr(self._whole["terms"]) + repr(stated.get("terms", ""))
        lengths = [timedelta(seconds=int(n) * _UNITS[u]) for n, u in _LENGTH.findall(terms)]
        at = draw.choice(pool) + draw.choice((-TICK, timedelta(0), timedelta(0), TICK))
        if lengths and draw.random() < 0.35:
            at += draw.choice(lengths) * draw.choice((-1, 1))
        return _written(at)


def _edits(change: dict[str, Any], name: str) -> dict[int, dict[str, Any]]:
    return {int(index): dict(edit) for index, edit in change.get("set", {}).get(name, {}).items()}


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
