"""Kernel SQL in Spark's dialect: what both engines read alike is passed on, the rest is rewritten or refused.

sqlglot translates the grammar. The meaning is ours to keep: every construct that passes was compared on both engines
(`tests/spark/test_portable.py`), and one that was not is refused. A clause that Spark refuses is `unproven`; one that
Spark read differently would be a false answer.
"""

from __future__ import annotations

from functools import lru_cache

from evidence.errors import ProbityError


@lru_cache(maxsize=512)
def spark_sql(sql: str) -> str:
    """Return one DuckDB query in Spark's dialect; a construct that may differ raises `ProbityError` naming it."""
    from sqlglot import ErrorLevel, errors, parse_one  # noqa: PLC0415 - only Spark pays for the translator

    from checks.engine.portable_rewrites import rewritten  # noqa: PLC0415 - as above

    try:
        tree = rewritten(parse_one(sql, read="duckdb"))
        return str(tree.sql(dialect="spark", identify=True, unsupported_level=ErrorLevel.RAISE))
    except errors.SqlglotError as error:
        raise ProbityError(f"a query is not portable to Spark: {str(error).splitlines()[0]}") from error
