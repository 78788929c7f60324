"""What a kernel is: SQL that classifies a whole population, and the arithmetic of how far the evidence reaches.

Kernels read family views in which instants are microseconds since 1970 UTC (BIGINT) and dates are days since 1970
(INTEGER), so that all arithmetic is on integers and reads the same on every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from evidence.model import Assurance, Coverage, Exhibit, Reason

#: Runs one query and returns all rows; the engine bounds how many there may be.
Query: TypeAlias = Callable[[str], Sequence[tuple[Any, ...]]]

#: The columns of every classification, in order. `measure` is an integer in the kernel's unit (microseconds for
#: durations) or null; `why` is a reason code for `unknown` rows and a short text otherwise; `moment` is microseconds.
CLASSIFIED = ("subject", "record", "moment", "outcome", "why", "measure", "artefact")


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    """The name, unit and limit of what a kernel measures; `scale` integer steps make one unit."""

    name: str
    unit: str
    limit: int
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Reach:
    """How far evidence reaches: per subject, with the reasons why it falls short.

    `contradicting` are exhibits that state the opposite of a proven violation; both sides are shown. `assurance` is
    what the status rests on where the kernel knows better than the extraction cards.
    """

    coverage: tuple[Coverage, ...] = ()
    gaps: frozenset[Reason] = frozenset()
    expected: int | None = None
    observed: int | None = None
    provisional: bool = False
    not_exercised: bool = False
    assurance: Assurance | None = None
    contradicting: tuple[Exhibit, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """Rows that may be judged in parts: no step after `source` looks at rows with another `record`.

    `source` is a SELECT that stands once in the statement, of text, truth values and whole numbers of 64 bits; `record`
    is one of its columns and never null, `artefact` another.
    """

    source: str
    record: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """The keys that stand in more than one row of a family: few, while seeking them takes memory for all.

    `select` stands once in the statement and gives them as `record`; `key` is an expression over the rows of `family`.
    Nobody may ask it for a key that is null.
    """

    key: str
    family: str

    @property
    def select(self) -> str:
        """Return the query of one column."""
        return f"SELECT {self.key} AS record FROM {self.family} GROUP BY {self.key} HAVING count(*) > 1"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engine may use to answer sooner; the answer is the same without it.

    `lean` says that `reach` asks for the `record` and `artefact` of no row that is ok, open or excused. `one_pass` says
    that every row is judged by itself, so that judging it twice costs less than holding it. `repeated` are asked
    one by one, ahead of the statement.
    """

    split: Split | None = None
    repeated: tuple[Repeated, ...] = ()
    one_pass: bool = False
    lean: bool = False


#: The plan of a statement of which nothing is known.
WHOLE = Plan()


@dataclass(frozen=True, slots=True)
class Silence:
    """Violations that rest on something not having been found in `families`, where it would have stood.

    `where` is a condition on `subject`, `record` and `why` that tells such violations from those that something seen
    proves by itself; none where all rest on it. While one of the families was not read whole, they are unknown; see
    `checks.silences`.
    """

    families: tuple[str, ...]
    where: str = ""


@runtime_checkable
class Listening(Protocol):
    """A kernel some of whose violations rest on silence."""

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return which violations rest on the silence of which families."""


@runtime_checkable
class Planned(Protocol):
    """A kernel that knows how its statement may be run over many millions of rows."""

    @property
    def plan(self) -> Plan:
        """Return what holds of the kernel's statement."""


def plan_of(kernel: Kernel) -> Plan:
    """Return a kernel's plan; without one, nothing is known of its statement."""
    return kernel.plan if isinstance(kernel, Planned) else WHOLE


class Kernel(Protocol):
    """A way of judging that serves many kinds of promise."""

    @property
    def name(self) -> str:
        """Return the kernel's name in the catalogue."""

    @property
    def noun(self) -> str:
        """Return what the members of the population are called, in the plural."""

    @property
    def measure(self) -> MeasureSpec | None:
        """Return what is measured, or None where nothing has a size."""

    def classify(self) -> str:
        """Return one SELECT with the columns of `CLASSIFIED`: a row for everything the promise speaks of."""

    def reach(self, query: Query) -> Reach:
        """Return how far the evidence reaches; `query` also sees the table `classified`."""
