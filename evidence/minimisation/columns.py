"""Looks through columns of text: a fast test of every value first, the exact one of what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from evidence.minimisation.kinds import HINTS, PERSONAL, Kind, recognise

if TYPE_CHECKING:
    import pyarrow as pa

#: What no pattern of any kind can consist of: most identifiers are nothing else, and need no second look.
_HARMLESS = b"0123456789abcdef-_"
MAX_ADMITTED = 100_000  # a column that is kept may hold a person a row; results quote few of them
ENOUGH = 1_000  # rows of one kind in one column, after which the rest is not counted


class Length(NamedTuple):
    """The most words and characters a value may have."""

    words: int
    characters: int


IDENTIFIER = Length(12, 1_024)  # the legal name of a company, the key of an object
PROSE = Length(200, 4_096)  # an exception in a report, a policy among settings


class Place(NamedTuple):
    """A member and what of it: a column, a path in JSON, or nothing."""

    member: str
    column: str = ""

    def __str__(self) -> str:
        """Return how a message names it."""
        return f"{self.member}, {self.column}" if self.column else self.member


@dataclass(slots=True)
class Search:
    """What was found, by place and kind. `admitted` words stand where they may, and may then stand anywhere."""

    admitted: set[str] = field(default_factory=set)
    found: Counter[tuple[Place, Kind]] = field(default_factory=Counter)

    def note(self, place: Place, kind: Kind, rows: int = 1) -> None:
        """Count rows."""
        self.found[place, kind] += rows

    def texts(
        self, place: Place, texts: Iterable[str], may: frozenset[Kind] = frozenset(), length: Length | None = None
    ) -> None:
        """Look through texts in batches of bounded memory."""
        import pyarrow as pa  # noqa: PLC0415 - only what seals pays for Arrow

        batch: list[str] = []
        size = 0
        for text in texts:
            batch.append(text)
            size += len(text)
            if size > 1 << 24:
                self.column(place, pa.array(batch, pa.large_string()), may, length)
                batch, size = [], 0
        self.column(place, pa.array(batch, pa.large_string()), may, length)

    def column(
        self, place: Place, values: pa.Array, may: frozenset[Kind] = frozenset(), length: Length | None = None
    ) -> None:
        """Look through the values of a column, plain or dictionary-encoded; every row with a kind counts."""
        texts, rows = distinct(values)
        for index in _suspicious(texts, length):
            if (many := 1 if rows is None else rows.get(index, 0)) and not self._has_enough(place):
                self._examine(place, texts[index].as_py(), many, may, length)

    def _has_enough(self, place: Place) -> bool:
        return any(self.found[place, kind] >= ENOUGH for kind in Kind)

    def _examine(self, place: Place, text: str, rows: int, may: frozenset[Kind], length: Length | None) -> None:
        kinds = set()
        for kind, word in recognise(text):
            if kind in may and kind in PERSONAL:
                if len(self.admitted) < MAX_ADMITTED:
                    self.admitted.add(word)
            elif kind not in may and not (kind in PERSONAL and word in self.admitted):
                kinds.add(kind)
        if length is not None and (len(text) > length.characters or len(text.split()) > length.words):
            kinds.add(Kind.PROSE)
        for kind in kinds:
            self.note(place, kind, rows)


def distinct(values: Any) -> tuple[Any, dict[int, int] | None]:
    """Return the texts to look at, and how many rows have each; None where every text is a row of its own."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    if not pa.types.is_dictionary(values.type):
        return values, None
    return values.dictionary, {e["values"]: e["counts"] for e in pc.value_counts(values.indices).to_pylist()}


def _suspicious(texts: Any, length: Length | None) -> Iterator[int]:
    """Yield the indices of the values that may hold something; most columns have none."""
    import pyarrow.compute as pc  # noqa: PLC0415

    longest = pc.max(pc.utf8_length(texts)).as_py() or 0
    too_long = length is not None and longest > length.characters
    if not too_long and _is_harmless(texts):
        return
    marked = pc.match_substring_regex(texts, HINTS)
    if length is not None and longest > 2 * length.words:  # a word and a space
        marked = pc.or_(marked, pc.match_substring_regex(texts, rf"(?:\S+\s+){{{length.words}}}\S"))
        marked = pc.or_(marked, pc.greater(pc.utf8_length(texts), length.characters))
    yield from pc.indices_nonzero(marked.fill_null(False)).to_pylist()


def _is_harmless(texts: Any) -> bool:
    """Return whether the bytes of a column prove that no value can hold anything."""
    if texts.offset or len(texts) == 0:
        return len(texts) == 0
    data = texts.buffers()[2]
    return data is None or not data.to_pybytes().translate(None, _HARMLESS)
