"""The one Spark that all tests of this folder share: a real standalone master and a worker, on loopback.

A machine without Java or without pyspark fails these tests with the message of what is missing; nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.engine.spark_session import open_session
from infra.spark.cluster import running
from tests.checks.engine.spark_desk import SETTINGS, SparkDesk

#: PySpark leaves the socket of every answer to the garbage collector.
SOCKETS = (
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            for ignored in SOCKETS:
                item.add_marker(pytest.mark.filterwarnings(ignored))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("cluster"), workers=1, cores=2, memory="2g") as address:
        yield address


@pytest.fixture(scope="session")
def spark(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkDesk]:
    folder: Path = tmp_path_factory.mktemp("spark")
    with open_session(cluster, spill=folder / "spill", settings=SETTINGS) as session:
        yield SparkDesk(session, folder)
