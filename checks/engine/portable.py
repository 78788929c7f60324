"""Kernel SQL in Spark's dialect: what both engines read alike is passed on, the rest is rewritten or refused.

sqlglot translates the grammar. The meaning is ours to keep: every construct that passes was compared on both engines
(`tests/checks/engine/test_spark_portable.py`), and one that was not is refused. A clause that Spark refuses is
`unproven`; one that Spark read differently would be a false answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from evidence.errors import ProbityError


@dataclass(frozen=True, slots=True)
class Step:
    """A common table expression as a view of its own; `shared` when more than one place reads it."""

    name: str
    sql: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Script:
    """One query as Spark runs it: its views in the order of their need, what is asked, and the tables it reads."""

    steps: tuple[Step, ...]
    query: str
    tables: frozenset[str] = frozenset()


def spark_sql(sql: str) -> str:
    """Return one DuckDB query in Spark's dialect; a construct that may differ raises `ProbityError` naming it."""
    return spark_script(sql, apart=False).query


@lru_cache(maxsize=512)
def spark_script(sql: str, apart: bool = True) -> Script:
    """Return one DuckDB query for Spark, with its common table expressions `apart` from it.

    Spark writes a common table expression out wherever it is read, and then what that one reads, so that a chain of
    them doubles at every link and takes minutes to plan. Apart, a shared one is computed once.
    """
    from sqlglot import ErrorLevel, errors, exp, parse_one  # noqa: PLC0415 - only Spark pays for the translator

    from checks.engine.portable_rewrites import rewritten  # noqa: PLC0415 - as above
    from checks.engine.portable_steps import taken_apart, told_apart  # noqa: PLC0415 - as above

    def written(tree: object) -> str:
        return str(tree.sql(dialect="spark", identify=True, unsupported_level=ErrorLevel.RAISE))  # type: ignore[attr-defined]

    try:
        tree = rewritten(parse_one(sql, read="duckdb"))
        told_apart(tree)
        steps = taken_apart(tree) if apart else []
        tables = {t.name for query in (tree, *(s.query for s in steps)) for t in query.find_all(exp.Table)}
        listed = tuple(Step(s.name, written(s.query), s.shared) for s in steps)
        return Script(listed, written(tree), frozenset(tables))
    except errors.SqlglotError as error:
        raise ProbityError(f"a query is not portable to Spark: {str(error).splitlines()[0]}") from error
