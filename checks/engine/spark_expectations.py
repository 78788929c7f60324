"""The suite as Great Expectations judges it on Spark, in the same words as on DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from checks.engine import Expectation, Suite, SuiteResult
from checks.engine.expectations import (
    RESULT_FORMAT,
    TABLE,
    _engine_errors,
    _great_expectations,
    _judged,
    _line,
    _stripped,
    _translated,
)
from evidence.errors import ProbityError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def judge(classified: DataFrame, suite: Suite) -> SuiteResult:
    """Judge the classified rows; what prevents judging at all raises ProbityError."""
    from py4j.protocol import Py4JError  # noqa: PLC0415 - only Spark has it
    from pyspark.errors import PySparkException  # noqa: PLC0415 - as above

    gx = _great_expectations()
    try:
        rows = classified.count()
        results = _results(gx, classified, suite.expectations)
    except (*_engine_errors(), PySparkException, Py4JError) as error:
        raise ProbityError(f"Great Expectations could not judge the classification: {_line(error)}") from error
    judged = tuple(_judged(e, results.get(e.name), rows) for e in suite.expectations)
    kept = [_stripped(e.name, results[e.name]) for e in suite.expectations if e.name in results]
    return SuiteResult(judged, {"great_expectations": gx.__version__, "rows": rows, "results": kept})


def _results(gx: Any, classified: DataFrame, asked: Iterable[Expectation]) -> dict[str, dict[str, Any]]:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_spark("spark", persist=False)
    batch = source.add_dataframe_asset(TABLE).add_batch_definition_whole_dataframe(TABLE)
    suite = context.suites.add(gx.ExpectationSuite(name=TABLE, expectations=[_translated(gx, e) for e in asked]))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=TABLE, data=batch, suite=suite))
    found = definition.run(batch_parameters={"dataframe": classified}, result_format=RESULT_FORMAT)
    return {r["expectation_config"]["meta"]["name"]: r for r in found.to_json_dict()["results"]}
