"""The suite as Great Expectations judges it, and its results in our own words.

This is the only module that names Great Expectations, and it does so inside functions: the import takes seconds.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import duckdb
from sqlalchemy.exc import SQLAlchemyError

from checks.engine import Answer, Expectation, Judged, Rule, Suite, SuiteResult
from checks.engine.dialect import NAME, SharedConnection, register
from checks.engine.population import KEY
from evidence.errors import ProbityError

#: Counts are always of the whole table; no sample of values may leave it, exhibits come from our own ordered query.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}

TABLE = "classified"


def judge(connection: duckdb.DuckDBPyConnection, suite: Suite) -> SuiteResult:
    """Judge the table `classified` of an open database.

    Column rules and uniqueness share one scan however many they are, and row counts need none. Uniqueness is asked of
    the hash of the key: hashes that are unique prove that keys are, and where they are not, GX is asked of the keys
    themselves. What cannot be evaluated is an `error` in the result; what prevents judging at all raises ProbityError.
    """
    gx = _great_expectations()
    try:
        rows = _count(connection)
        results = _results(gx, connection, [_by_hash(e) if _hashed(connection) else e for e in suite.expectations])
        again = [e for e in suite.expectations if _by_hash(e) != e and not results.get(e.name, {}).get("success")]
        results |= _results(gx, connection, again) if again else {}
    except _engine_errors() as error:
        raise ProbityError(f"Great Expectations could not judge the classification: {_line(error)}") from error
    judged = tuple(_judged(e, results.get(e.name), rows) for e in suite.expectations)
    kept = [_stripped(e.name, results[e.name]) for e in suite.expectations if e.name in results]
    return SuiteResult(judged, {"great_expectations": gx.__version__, "rows": rows, "results": kept})


def _great_expectations() -> Any:
    # `infra.settings` alone reads the environment; this writes it, because GX decides at import whether it may phone
    # home and a library user of ours has no entry point that did so before. An explicit choice of theirs is kept.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        # GX imports two modules that Python deprecates.
        warnings.filterwarnings("ignore", "module 'sre_(constants|parse)' is deprecated", DeprecationWarning)
        import great_expectations  # noqa: PLC0415

        return great_expectations


def _engine_errors() -> tuple[type[Exception], ...]:
    from great_expectations.datasource.fluent.interfaces import TestConnectionError  # noqa: PLC0415
    from great_expectations.exceptions import exceptions as errors  # noqa: PLC0415

    return (
        duckdb.Error,
        SQLAlchemyError,
        errors.GreatExpectationsError,
        errors.GreatExpectationsAggregateError,
        TestConnectionError,
    )


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    (rows,) = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchall()[0]
    return int(rows)


def _results(gx: Any, connection: duckdb.DuckDBPyConnection, asked: Iterable[Expectation]) -> dict[str, dict[str, Any]]:
    """Return GX's results by the name of the expectation; their order is not that of the suite."""
    register()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_sql(
        NAME, connection_string=f"{NAME}://", kwargs={"creator": lambda: SharedConnection(connection)}
    )
    batch = source.add_table_asset(TABLE).add_batch_definition_whole_table(TABLE)
    suite = context.suites.add(gx.ExpectationSuite(name=TABLE, expectations=[_translated(gx, e) for e in asked]))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=TABLE, data=batch, suite=suite))
    results = definition.run(result_format=RESULT_FORMAT).to_json_dict()["results"]
    return {r["expectation_config"]["meta"]["name"]: r for r in results}


def _by_hash(asked: Expectation) -> Expectation:
    return replace(asked, columns=(KEY,)) if asked.rule is Rule.UNIQUE_TOGETHER else asked


def _hashed(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the table has the whole key beside its hash."""
    found = connection.execute(f"SELECT column_name FROM (DESCRIBE {TABLE})").fetchall()
    return {"subject", "record", KEY} <= {name for (name,) in found}


def _translated(gx: Any, asked: Expectation) -> Any:
    words, meta = gx.expectations, {"name": asked.name}
    match asked.rule:
        case Rule.NOT_IN_SET:
            return words.ExpectColumnValuesToNotBeInSet(
                column=asked.columns[0], value_set=list(asked.values), meta=meta
            )
        case Rule.IN_SET:
            return words.ExpectColumnValuesToBeInSet(column=asked.columns[0], value_set=list(asked.values), meta=meta)
        case Rule.NOT_NULL:
            return words.ExpectColumnValuesToNotBeNull(column=asked.columns[0], meta=meta)
        case Rule.UNIQUE_TOGETHER:
            return _uniqueness(words, asked.columns, meta)
        case Rule.AT_LEAST_ROWS:
            return words.ExpectTableRowCountToBeBetween(min_value=asked.rows, meta=meta)
        case Rule.EXACTLY_ROWS:
            return words.ExpectTableRowCountToEqual(value=asked.rows, meta=meta)


def _uniqueness(words: Any, columns: tuple[str, ...], meta: dict[str, str]) -> Any:
    if len(columns) == 1:
        return words.ExpectColumnValuesToBeUnique(column=columns[0], meta=meta)
    # GX leaves rows with nothing but nulls out by default; then it would not have looked at every row.
    return words.ExpectCompoundColumnsToBeUnique(column_list=list(columns), ignore_row_if="never", meta=meta)


def _judged(asked: Expectation, result: Mapping[str, Any] | None, rows: int) -> Judged:
    """Say passed or failed only where GX raised nothing, looked at every row, and agrees with its own counts."""
    if result is None:
        return Judged(asked.name, Answer.ERROR, asked.expected, detail="the engine returned no result")
    problem = _exception(result)
    if problem:
        return Judged(asked.name, Answer.ERROR, asked.expected, detail=problem)
    observed, unexpected = _counts(asked, result["result"], rows)
    held = _holds(asked, observed, unexpected)
    if observed != rows or held is None or held is not result["success"]:
        return Judged(asked.name, Answer.ERROR, asked.expected, observed, unexpected, "the engine's counts disagree")
    return Judged(asked.name, Answer.PASSED if held else Answer.FAILED, asked.expected, observed, unexpected)


def _counts(asked: Expectation, result: Mapping[str, Any], rows: int) -> tuple[int | None, int | None]:
    match asked.rule:
        case Rule.AT_LEAST_ROWS | Rule.EXACTLY_ROWS:
            return result.get("observed_value"), None
        case Rule.NOT_IN_SET | Rule.IN_SET | Rule.NOT_NULL | Rule.UNIQUE_TOGETHER:
            # GX adds up no rows to null instead of nought.
            return result.get("element_count"), result.get("unexpected_count") if rows else 0


def _holds(asked: Expectation, observed: int | None, unexpected: int | None) -> bool | None:
    match asked.rule:
        case Rule.AT_LEAST_ROWS:
            return None if observed is None else observed >= asked.rows
        case Rule.EXACTLY_ROWS:
            return None if observed is None else observed == asked.rows
        case _:
            return None if unexpected is None else unexpected == 0


def _exception(result: Mapping[str, Any]) -> str:
    """Return the first message of an exception, or nothing.

    GX states one as a flat record, or as one record for each metric under the metric's id; only the flat record with
    `raised_exception` false means that there was none.
    """
    info = result.get("exception_info") or {}
    if info.get("raised_exception") is False:
        return ""
    records = [info] if "exception_message" in info else [r for r in info.values() if isinstance(r, Mapping)]
    return min((_line(r.get("exception_message")) for r in records), default="the engine raised an exception")


def _stripped(name: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what is the same in every run: settings, success and whole counts; no ids, times, samples or ratios."""
    config = result["expectation_config"]
    return {
        "name": name,
        "type": config["type"],
        "kwargs": {k: v for k, v in config["kwargs"].items() if k != "batch_id"},
        "success": result["success"],
        "raised_exception": bool(_exception(result)),
        "result": {k: v for k, v in result["result"].items() if isinstance(v, int)},
    }


def _line(message: object) -> str:
    return (str(message).strip().splitlines() or ["no message"])[0][:300]
