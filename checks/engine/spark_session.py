"""The Spark session of an audit: how it is opened, what its SQL must mean, and its errors in our own tree."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from evidence.errors import ProbityError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Driver and executors here: nothing leaves the machine, and Spark's own pages stay closed.
LOCAL = "local[2]"
LOOPBACK = "127.0.0.1"

#: How long a cluster may take to start the first executor.
WORKER_SECONDS = 120

#: What a query means. Each is set on our own session whatever its cluster says.
MEANING = {
    "spark.sql.session.timeZone": "UTC",
    # Overflow, division by zero and a cast that fails are errors, as in DuckDB, and never nulls.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.sizeOfNull": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.storeAssignmentPolicy": "ANSI",
    # A contract's text may hold `${env:HOME}`; it is text.
    "spark.sql.variable.substitute": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    # A part that cannot be read is an error: a row left out would read as a promise kept.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    # With a correlated subquery in the projection, this rule of Spark 4.1 ends in "key not found".
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.PushProjectionThroughUnion",
    # Only the views may name files.
    "spark.sql.runSQLOnFiles": "false",
}

_OPENED = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}


@contextmanager
def open_session(
    master: str = LOCAL, *, host: str = LOOPBACK, spill: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[SparkSession]:
    """Start a Spark session on `master` and stop it at the end; starting takes some seconds.

    `host` is where executors find this process; `spill` is the directory for what exceeds memory. One process holds
    one Spark context: while another one runs, `ProbityError` is raised, because it would keep its own settings.
    """
    with spark_errors(f"could not start Spark on {master}"):
        from pyspark import SparkContext  # noqa: PLC0415 - only audits on Spark pay for it
        from pyspark.sql import SparkSession  # noqa: PLC0415 - as above

        if SparkContext._active_spark_context is not None:
            raise ProbityError("this process already runs Spark; end that session first or hand it to SparkEngine")
        builder = SparkSession.builder.master(master).appName("probity")
        stated = _OPENED | {"spark.driver.host": host, "spark.driver.bindAddress": host}
        stated |= {"spark.local.dir": str(spill)} if spill else {}
        for name, value in (stated | MEANING | dict(settings or {})).items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        # It would write every failed query, and with it a contract's texts, to the terminal; we raise them instead.
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    try:
        if not master.startswith("local"):
            _wait_for_workers(session, master)
        yield session
    finally:
        session.stop()


def _wait_for_workers(session: SparkSession, master: str) -> None:
    """Wait for the first executor; without one, Spark would wait for ever and say so only in its log."""
    status = session.sparkContext._jsc.sc()
    for _ in range(WORKER_SECONDS * 4):
        if status.getExecutorMemoryStatus().size() > 1:  # the driver counts as one
            return
        Event().wait(0.25)
    raise ProbityError(
        f"no worker of {master} started within {WORKER_SECONDS} s; it may have no free core or not enough memory"
    )


@contextmanager
def spark_errors(what: str) -> Iterator[None]:
    """Raise every failure of Spark, of its driver and of a missing installation as `ProbityError`."""
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415
        from pyspark.errors import PySparkException  # noqa: PLC0415
    except ImportError as error:
        raise ProbityError(f"{what}: Spark is not installed; install probity[spark] and Java 17") from error
    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:
        raise ProbityError(f"{what}: {_cause(error)[:500]}") from error


def _cause(error: BaseException) -> str:
    """Return the first line of what Java says was the cause; Py4J itself names only the call."""
    java = getattr(error, "java_exception", None)
    while java is not None and java.getCause() is not None:
        java = java.getCause()
    said = java.toString() if java is not None else str(error)
    lines: list[str] = said.strip().splitlines()
    return lines[0] if lines else type(error).__name__
