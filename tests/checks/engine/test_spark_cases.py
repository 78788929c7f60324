"""Two engines, one result: every kind's cases give the same finding, byte for byte, on Spark as on DuckDB.

The default run takes the first breached case of every kind on a real cluster, of every fourth kind through Great
Expectations as well; `make spark` takes every case there is, the first of each status and the boundaries in that way.
With `-m spark_all -k every_statement` only as many cases are taken as ask every statement of every kind once.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.checks.engine.spark_desk import KINDS, SparkDesk, cases_of, first_breach

#: Kinds whose first breach Great Expectations judges in the default run: on Spark it takes longer than all the rest.
JUDGED = frozenset(KINDS[::4])


@pytest.mark.spark
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_breach_gives_the_same_bytes_on_spark(kind: str, spark: SparkDesk) -> None:
    assert spark.differences([replace(first_breach(cases_of(kind)), real=kind in JUDGED)]) == []


@pytest.mark.spark_all
@pytest.mark.parametrize("kind", KINDS)
def test_every_statement_gives_the_same_bytes_on_spark(kind: str, spark: SparkDesk) -> None:
    assert spark.differences(spark.telling(kind)) == []


@pytest.mark.spark_all
@pytest.mark.parametrize("kind", KINDS)
def test_every_case_gives_the_same_bytes_on_spark(kind: str, spark: SparkDesk) -> None:
    assert spark.differences(cases_of(kind)) == []
