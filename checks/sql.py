"""Small, exact pieces of SQL that kernels share: literals, value lists, duplicate merging and consents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from checks.company_names import MARKS, core_name, spellings

#: How bad an outcome is; the worst of a record's rows is the record's outcome.
RANKS = {"ok": 1, "excused": 2, "open": 3, "unknown": 4, "violation": 5}

DAY = 86_400_000_000

#: Later than any instant that may be stated, in microseconds: the end of what has none.
NEVER = 8_000_000_000_000_000

#: The condition that a row is valid for no time: what it says cannot be read.
VOID = "coalesce(valid_to <= valid_from, false)"

#: From when to when a row is valid, in columns `low` and `high`.
LASTS = f"coalesce(valid_from, {-NEVER}) AS low, coalesce(valid_to, {NEVER}) AS high"


def text(value: str) -> str:
    """Return a SQL string literal."""
    if "\x00" in value:
        value = value.replace("\x00", "")
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """Return a parenthesised list of string literals; an empty list matches nothing."""
    listed = ", ".join(text(v) for v in sorted(set(values)))
    return f"({listed})" if listed else "(NULL)"


def rows(name: str, columns: Sequence[str], values: Iterable[Sequence[str]]) -> str:
    """Return a common table expression of literal rows; with no rows, an empty one of text columns."""
    listed = ", ".join(f"({', '.join(v)})" for v in values)
    if not listed:
        nothing = ", ".join(f"CAST(NULL AS VARCHAR) AS {c}" for c in columns)
        return f"{name} AS (SELECT {nothing} WHERE 1 = 0)"
    return f"{name} AS (SELECT * FROM (VALUES {listed}) AS literal({', '.join(columns)}))"


def defective() -> str:
    """Return the condition that some value of the row was present but could not be read."""
    return "coalesce(len(defects), 0) > 0"


def identity(column: str) -> str:
    """Return a record's key, or its place in the artefact where it has none."""
    return f"coalesce({column}, artefact || '#' || CAST(row AS VARCHAR))"


def worst_per_record(source: str) -> str:
    """Return the SELECT that leaves one row a record: the worst outcome and, among equals, the largest measure.

    No two rows are equals that differ in anything, so that neither their order nor the number of threads decides.
    Of rows that alone speak of a record it changes nothing, so an engine may spare them; see `before_merging`.
    """
    rank = "CASE outcome " + " ".join(f"WHEN '{o}' THEN {n}" for o, n in RANKS.items()) + " END"
    sorting = (
        f"struct_pack(rank := {rank}, size := coalesce(measure, -1), artefact := artefact, why := coalesce(why, ''), "
        "outcome := outcome, measure := measure)"
    )
    told = ", ".join(f"struct_extract(worst, '{name}') AS {name}" for name in ("outcome", "why", "measure", "artefact"))
    return (
        f"SELECT subject, record, moment, {told} FROM (SELECT subject, record, min(moment) AS moment, "
        f"max({sorting}) AS worst FROM {source} GROUP BY subject, record) AS ranked"
    )


def before_merging(statement: str) -> str | None:
    """Return a statement without `worst_per_record` over a named source as its last step, or None where it has none."""
    written = statement.rstrip()
    source = re.search(r"FROM (\w+) GROUP BY subject, record\) AS ranked$", written)
    last = worst_per_record(source[1]) if source else ""
    body = written.removesuffix(last).rstrip()
    # Only after a list of common table expressions is it a step of its own; after UNION it would be half of one.
    if source is None or body == written or not body.endswith(")"):
        return None
    return f"{body}\nSELECT subject, record, moment, outcome, why, measure, artefact FROM {source[1]}"


def after(cte: str, statement: str) -> str:
    """Return a statement with a common table expression before its own, if it speaks of it."""
    if cte.split(maxsplit=1)[0] not in statement:
        return statement
    own = statement.removeprefix("WITH ")
    return f"WITH {cte} {own}" if own == statement else f"WITH {cte}, {own}"


def tidy(value: str) -> str:
    """Return a stated name in the form in which gathered text is kept: NFC, single spaces, none around it."""
    return " ".join(unicodedata.normalize("NFC", value).split())


def same(column: str, value: str) -> str:
    """Return the condition that a column holds this name; both sides are folded by the engine, and so alike."""
    return f"lower({column}) = lower({text(tidy(value))})"


def bears_name_of(column: str, company: str) -> str:
    """Return the condition that a column holds the company's name, with or without its legal form and other words."""
    core, words = core_name(company), _words(f"lower({column})")
    # Short names stand in other words by chance.
    return (
        f"contains({words}, {text(core)})" if len(core) > 4 else f"contains(' ' || {words} || ' ', {text(f' {core} ')})"
    )


def spelt_like(column: str, company: str) -> str:
    """Return the condition that a column holds the company's name, whatever its legal form is said to be."""
    return f"{bare(column)} IN {texts(spellings(company))}"


def bare(column: str) -> str:
    """Return the name of a company in lower case, full stops and commas left out and single spaces for other marks."""
    plain = f"replace(replace(lower({column}), ',', ''), '.', '')"
    return f"trim({_words(plain)})"


def _words(name: str) -> str:
    """Return a name with single spaces for the marks between its words."""
    for mark in MARKS:
        name = f"replace({name}, {text(mark)}, ' ')"
    return f"replace(replace({name}, '  ', ' '), '  ', ' ')"


def dependent_meter(companies: Iterable[str]) -> str:
    """Return the condition that the meter of a total is the vendor's own, by its name or a name that bears it."""
    return "(" + (" OR ".join(f"{same('meter', c)} OR {bears_name_of('meter', c)}" for c in companies) or "1 = 0") + ")"


def one_of(column: str, values: Iterable[str]) -> str:
    """Return the condition that a column holds one of these names; with no names it never does."""
    return "(" + (" OR ".join(same(column, v) for v in sorted(set(values))) or "1 = 0") + ")"


def in_force(start: str | int, end: str | int) -> str:
    """Return the condition that a row's validity overlaps [start, end), or is of no time: no one knows."""
    overlaps = f"coalesce(valid_from, {start}) < {end} AND coalesce(valid_to, {end}) > {start}"
    return f"(({overlaps}) OR {VOID})"


def defect_in(*columns: str) -> str:
    """Return the condition that one of these columns was stated and could not be read."""
    return "(" + " OR ".join(f"coalesce(list_contains(defects, {text(c)}), false)" for c in columns) + ")"


def consents(purpose: str | None, vendor: str, offices: Iterable[str]) -> str:
    """Return the consents for a purpose with whether each can be relied on (rule G10).

    `sure` ones are whole, stated in one version, and given by someone entitled: an office the contract names, or anyone
    but the vendor where it names none. What cannot be read, is stated in two versions, or was given by somebody who
    bears the vendor's name where no office is named, is there and not sure: it excuses nothing, and leaves open what it
    might have excused. So does one that ends before it begins: which of the two is wrong, nobody knows. A blanket scope
    names nothing and excuses nothing.
    """
    if purpose is None:
        return "SELECT consent_id, scope, granted_at, expires_at, true AS sure FROM consents WHERE 1 = 0"
    named = list(offices)
    entitled = one_of("granted_by", named) if named else f"NOT ({same('granted_by', vendor)})"
    needed = ("granted_at", "scope", "granted_by", "purpose", "consent_id")
    inverted = "coalesce(expires_at < granted_at, false)"
    unread = " OR ".join([defective(), *(f"{column} IS NULL" for column in needed), inverted])
    broken = f"({unread} OR {whose(vendor, named)})"
    known = f"""SELECT consent_id, scope, granted_at, coalesce(expires_at, {NEVER}) AS expires_at,
  (NOT broken AND versions = 1) AS sure FROM (
  SELECT *, count(*) OVER (PARTITION BY consent_id) AS versions FROM (
    SELECT DISTINCT consent_id, purpose, granted_by, scope, granted_at, expires_at, {broken} AS broken FROM consents
  ) AS stated) AS counted
WHERE (purpose IS NULL OR {same("purpose", purpose)}) AND (broken OR {entitled})"""
    return f"""SELECT consent_id, scope, granted_at, CASE WHEN lasts < {NEVER} THEN lasts END AS expires_at, sure
FROM ({renewed(known, "granted_at", "expires_at", "sure")}) AS lasting"""


def renewed(permissions: str, start: str, end: str, sound: str) -> str:
    """Return permissions with how long each `lasts`: a sound one of the same scope, given before it ends, renews it.

    `start` and `end`, which is inclusive, name columns, null in no sound one.
    """
    alike = f"PARTITION BY lower(scope), {sound}"
    earlier = f"{alike} ORDER BY {start}, {end} ROWS BETWEEN UNBOUNDED PRECEDING"
    return f"""
SELECT *, CASE WHEN {sound} THEN max({end}) OVER ({alike}, stretch) ELSE {end} END AS lasts FROM (
  SELECT *, sum(CASE WHEN {start} <= reached THEN 0 ELSE 1 END) OVER ({earlier} AND CURRENT ROW) AS stretch FROM (
    SELECT *, max({end}) OVER ({earlier} AND 1 PRECEDING) AS reached FROM ({permissions}) AS given) AS led) AS merged"""


def whose(vendor: str, offices: Sequence[str]) -> str:
    """Return the condition that it is not clear whether a consent is the customer's: see `consents`."""
    alike = f"coalesce({bears_name_of('granted_by', vendor)} AND NOT {same('granted_by', vendor)}, false)"
    return "1 = 0" if offices else alike


def valid_consents(purpose: str, vendor: str, offices: Iterable[str]) -> str:
    """Return only the consents that can be relied on; see `consents`."""
    return (
        f"SELECT consent_id, scope, granted_at, expires_at FROM ({consents(purpose, vendor, offices)}) AS c WHERE sure"
    )
