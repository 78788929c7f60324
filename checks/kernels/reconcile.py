"""Control totals: does the evidence hold exactly what an independent meter counted, interval by interval?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import gcd

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query
from evidence.errors import LimitExceeded
from evidence.model import Coverage, Reason

#: A meter's series for one period; minute totals of a year and a few systems stay below it.
MAX_TOTALS = 50_000

#: Hours of a year; so many counts of each subject are fetched at most.
MAX_STEPS = 9_000


@dataclass(frozen=True, slots=True)
class Expectation:
    """Which subjects must reconcile, and what a meter that names no subject means.

    Its `each` metric counts every subject alike, its `whole` metric counts all of them together. `by_system` says
    whether a meter may count one subject by naming it.
    """

    subjects: tuple[str, ...]
    whole: str | None
    each: str | None
    by_system: bool = True


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Per subject what was expected and observed; `gaps` says why met is out of reach."""

    coverage: tuple[Coverage, ...]
    gaps: frozenset[Reason]
    expected: int | None
    observed: int


@dataclass(frozen=True, slots=True)
class _Total:
    meter: str
    metric: str
    system: str | None
    start: int
    end: int
    value: int


def reconcile(query: Query, scope: Scope, wanted: Expectation) -> Reconciliation:
    """Compare `classified` with every usable total of the period; all must agree and one must span the period.

    A meter that counts a subject by name is the better witness of it than one that counts every subject alike. A
    subject without any record needs a total of its own that says zero.
    """
    totals, gaps = _read(query, scope, wanted)
    counts = _count(query, {(t.start, t.end) for t in totals} | {(scope.start, scope.end)})
    observed = {s: counts.get((s, scope.start, scope.end), 0) for s in wanted.subjects}
    verdicts = [_series(key, list(series), counts, scope, wanted) for key, series in _by_series(totals).items()]
    coverage: list[Coverage] = []
    for subject in wanted.subjects:
        speaking = [v for v in verdicts if subject in v.subjects]
        if any(v.named and v.spans for v in speaking):
            speaking = [v for v in speaking if v.named or v.summed]
        spanning = [v for v in speaking if v.spans]
        expected = next((v.expected[subject] for v in spanning if subject in v.expected), None)
        notes = [v.note for v in speaking if v.note]
        gaps.update(r for v in speaking for r in v.reasons)
        if not spanning:
            notes.append("no meter counts the whole period")
        elif expected is None and not observed[subject]:
            notes.append("nothing observed, and no meter counts this system by name")
        if not spanning or (expected is None and not observed[subject]):
            gaps.add(Reason.INCOMPLETE_COVERAGE)
        coverage.append(
            Coverage(
                subject=subject,
                covered=not notes,
                expected=expected,
                observed=observed[subject],
                note="; ".join(notes),
            )
        )
    together = next((v.together for v in verdicts if v.spans and v.together is not None), None)
    stated = [c.expected for c in coverage if c.expected is not None]
    expected_all = sum(stated) if stated and len(stated) == len(coverage) else together
    if expected_all and not sum(observed.values()):
        gaps.add(Reason.EMPTY_POPULATION)
    return Reconciliation(tuple(coverage), frozenset(gaps), expected_all, sum(observed.values()))


def _read(query: Query, scope: Scope, wanted: Expectation) -> tuple[list[_Total], set[Reason]]:
    metrics = sql.texts(m for m in (wanted.whole, wanted.each) if m)
    found = query(
        "SELECT DISTINCT meter, metric, system_id, period_start, period_end, value, "
        f"({sql.defective()} OR meter IS NULL OR period_start IS NULL OR period_end IS NULL OR value IS NULL "
        f"OR value < 0 OR period_end <= period_start) AS broken, {sql.dependent_meter(scope.excluded_meters)} AS own "
        f"FROM usage_totals WHERE (metric IS NULL OR metric IN {metrics}) "
        f"AND coalesce(period_start, {scope.start}) < {scope.end} "
        f"AND coalesce(period_end, {scope.end}) > {scope.start} "
        f"ORDER BY ALL LIMIT {MAX_TOTALS + 1}"
    )
    if len(found) > MAX_TOTALS:
        raise LimitExceeded(f"usage_totals: more than {MAX_TOTALS} totals for one period; send coarser totals")
    gaps = {Reason.UNREADABLE_ROWS} if any(r[6] or r[1] is None for r in found) else set[Reason]()
    dependent = {sql.tidy(s).lower() for s in wanted.subjects}
    totals = [
        _Total(r[0], r[1], r[2], r[3], r[4], r[5])
        for r in found
        if not r[6]
        and not r[7]
        and r[1] is not None
        and r[3] >= scope.start
        and r[4] <= scope.end
        and sql.tidy(r[0]).lower() not in dependent
    ]
    return totals, gaps


def _count(query: Query, intervals: set[tuple[int, int]]) -> Mapping[tuple[str, int, int], int]:
    """Return how many records of each subject lie in each interval.

    One pass counts the records between neighbouring steps of the finest grid that all intervals stand on, which an
    engine does faster than comparing each record with each interval; only a grid too fine is left to that.
    """
    first, last = min(low for low, _ in intervals), max(high for _, high in intervals)
    step = gcd(*(edge - first for interval in intervals for edge in interval))
    if (last - first) // step > MAX_STEPS:
        return _compared(query, intervals)
    found = query(
        f"SELECT subject, (moment - {first}) // {step} AS step, count(*) FROM classified "
        f"WHERE moment >= {first} AND moment < {last} GROUP BY subject, (moment - {first}) // {step}"
    )
    steps: dict[str, list[int]] = defaultdict(lambda: [0] * ((last - first) // step + 1))
    for subject, place, count in found:
        steps[subject][place + 1] = count
    reached = {subject: list(accumulate(counts)) for subject, counts in steps.items()}
    return {
        (subject, low, high): counts[(high - first) // step] - counts[(low - first) // step]
        for subject, counts in reached.items()
        for low, high in intervals
    }


def _compared(query: Query, intervals: set[tuple[int, int]]) -> Mapping[tuple[str, int, int], int]:
    spans = sql.rows("span", ("low", "high"), [(str(a), str(b)) for a, b in sorted(intervals)])
    counted = query(
        f"WITH {spans} SELECT subject, low, high, count(*) FROM classified, span "
        "WHERE moment >= low AND moment < high GROUP BY subject, low, high"
    )
    return {(r[0], r[1], r[2]): r[3] for r in counted}


def _by_series(totals: Iterable[_Total]) -> Mapping[tuple[str, str, str | None], list[_Total]]:
    series: dict[tuple[str, str, str | None], list[_Total]] = defaultdict(list)
    for total in totals:
        series[(total.meter, total.metric, total.system)].append(total)
    return series


@dataclass(frozen=True, slots=True)
class _Verdict:
    subjects: tuple[str, ...]
    named: bool
    summed: bool
    spans: bool
    expected: Mapping[str, int]
    together: int | None
    note: str
    reasons: frozenset[Reason]


def _series(
    key: tuple[str, str, str | None],
    totals: list[_Total],
    counts: Mapping[tuple[str, int, int], int],
    scope: Scope,
    wanted: Expectation,
) -> _Verdict:
    meter, metric, system = key
    if system is not None and not wanted.by_system:
        return _Verdict((), False, False, False, {}, None, "", frozenset())
    subjects = wanted.subjects if system is None else tuple(s for s in wanted.subjects if s == system)
    summed = system is None and metric == wanted.whole
    totals.sort(key=lambda t: (t.start, t.end, t.value))
    less = more = 0
    for total in totals:
        seen = [counts.get((s, total.start, total.end), 0) for s in subjects]
        for count in [sum(seen)] if summed else seen:
            less += max(0, total.value - count)
            more += max(0, count - total.value)
    reasons, notes = set[Reason](), []
    if less:
        reasons.add(Reason.INCOMPLETE_COVERAGE)
        notes.append(f"{less} fewer than {meter} counted")
    if more:
        reasons.add(Reason.CONTRADICTED)
        notes.append(f"{more} more than {meter} counted")
    value = _whole_value(totals, scope)
    alone = value is not None and (not summed or len(subjects) == 1)
    expected = dict.fromkeys(subjects, value) if alone and value is not None else {}
    together = None if value is None else value if summed else value * len(subjects)
    named = system is not None
    note = ", ".join(notes)
    return _Verdict(subjects, named, summed, _spans(totals, scope), expected, together, note, frozenset(reasons))


def _spans(totals: list[_Total], scope: Scope) -> bool:
    """Return whether the intervals, sorted by start, leave no instant of the period uncounted; they may overlap."""
    reached = scope.start
    for total in totals:
        if total.start > reached:
            return False
        reached = max(reached, total.end)
    return reached == scope.end


def _whole_value(totals: list[_Total], scope: Scope) -> int | None:
    """Return the count of the whole period: stated as such, or the sum of intervals that do not overlap."""
    stated = {t.value for t in totals if (t.start, t.end) == (scope.start, scope.end)}
    if stated:
        return min(stated)
    apart = all(a.end <= b.start for a, b in pairwise(totals))
    return sum(t.value for t in totals) if apart and _spans(totals, scope) else None
