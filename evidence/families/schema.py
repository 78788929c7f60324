"""What a record family is: typed columns, which of them are needed, which hold personal data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Type(StrEnum):
    """Column types; `instant` is UTC microseconds, `list` a list of text, `number` an integer."""

    TEXT = "text"
    INSTANT = "instant"
    DATE = "date"
    BOOL = "bool"
    NUMBER = "number"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. A needed one must exist; `allowed` values are exact; `personal` ones become salted tokens.

    `prose` may be sentences, where other text is an identifier; `machine` may be the IP address of one.
    """

    name: str
    type: Type = Type.TEXT
    needed: bool = True
    allowed: tuple[str, ...] = ()
    personal: bool = False
    prose: bool = False
    machine: bool = False


#: Added by the gatherer to every row. `row` is the position in the artefact; `defects` names the columns of the
#: row whose value was present but could not be read as its type, so that no reader mistakes them for absent.
GATHERED = (
    Column("source"),
    Column("artefact"),
    Column("row", Type.NUMBER),
    Column("defects", Type.LIST),
)


@dataclass(frozen=True, slots=True)
class Family:
    """A named table: `columns` as evidence states them, `gathered` as the gatherer adds them."""

    name: str
    about: str
    columns: tuple[Column, ...]
    gathered: tuple[Column, ...] = GATHERED

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Return the stated columns followed by the gathered ones."""
        return self.columns + self.gathered

    def column(self, name: str) -> Column:
        """Return one column by name."""
        return next(c for c in self.all_columns if c.name == name)


def text(name: str, *allowed: str, needed: bool = True, personal: bool = False) -> Column:
    """Declare a text column, closed to `allowed` values when any are given."""
    return Column(name, Type.TEXT, needed, allowed, personal)


def optional(column: Column) -> Column:
    """Return the same column as one that evidence may leave out."""
    return replace(column, needed=False)


def prose(column: Column) -> Column:
    """Return the same column as one that holds sentences."""
    return replace(column, prose=True)


def machine(column: Column) -> Column:
    """Return the same column as one that names machines, by IP addresses too, and no persons."""
    return replace(column, machine=True)


def instant(name: str) -> Column:
    """Declare an instant: RFC 3339 with an offset."""
    return Column(name, Type.INSTANT)


def date(name: str) -> Column:
    """Declare a calendar date, `YYYY-MM-DD`."""
    return Column(name, Type.DATE)


def boolean(name: str) -> Column:
    """Declare a yes-or-no column."""
    return Column(name, Type.BOOL)


def number(name: str) -> Column:
    """Declare an integer column."""
    return Column(name, Type.NUMBER)


def listing(name: str) -> Column:
    """Declare a list of text; a JSON array where the format has no lists."""
    return Column(name, Type.LIST)
