"""Small, exact pieces of SQL that kernels share: literals, value lists, duplicate merging and consents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: How bad an outcome is; the worst of a record's rows is the record's outcome.
RANKS = {"ok": 1, "excused": 2, "open": 3, "unknown": 4, "violation": 5}

DAY = 86_400_000_000


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
    """Return the SELECT that leaves one row a record: the worst outcome and, among equals, the largest measure."""
    rank = "CASE outcome " + " ".join(f"WHEN '{o}' THEN {n}" for o, n in RANKS.items()) + " END"
    picked = f"struct_pack(rank := {rank}, measure := coalesce(measure, -1), artefact := artefact)"
    return (
        "SELECT subject, record, min(moment) AS moment, max_by(outcome, sorting) AS outcome, "
        "max_by(why, sorting) AS why, max_by(measure, sorting) AS measure, max_by(artefact, sorting) AS artefact "
        f"FROM (SELECT *, {picked} AS sorting FROM {source}) AS ranked GROUP BY subject, record"
    )


def valid_consents(purpose: str, vendor: str, offices: Iterable[str]) -> str:
    """Return the consents that can excuse anything: whole, for this purpose, by someone entitled (rule G10).

    Without named offices in the contract anyone but the vendor is entitled. A blanket scope excuses nothing, because a
    scope must name the system or the record it is for.
    """
    named = texts(o.casefold() for o in offices)
    anyone_else = f"lower(granted_by) <> {text(vendor.casefold())}"
    entitled = f"lower(granted_by) IN {named}" if named != "(NULL)" else anyone_else
    return (
        "SELECT DISTINCT consent_id, scope, granted_at, expires_at FROM consents "
        f"WHERE purpose = {text(purpose)} AND {entitled} AND granted_at IS NOT NULL AND scope IS NOT NULL "
        f"AND NOT ({defective()})"
    )
