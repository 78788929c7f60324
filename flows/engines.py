"""Which engine judges: the choice that an audit file states, what it needs to be there, and its opening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from checks.codes import Code
from checks.engine.session import Engine
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed

#: Threads of this machine, or a standalone master; other resource managers were never tried.
MASTER = r"^(local\[([1-9][0-9]{0,3}|\*)\]|spark://[A-Za-z0-9_.-]+:[0-9]{1,5}(,[A-Za-z0-9_.-]+:[0-9]{1,5})*)$"


class DuckDb(Closed):
    """The embedded engine: nothing to install or to start, and enough for what fits one machine."""

    kind: Literal["duckdb"]


class Spark(Closed):
    """Apache Spark, for logs that outgrow a machine; the same findings, byte for byte (docs/spark.md)."""

    kind: Literal["spark"]
    master: str = Field(pattern=MASTER, description="local[N], or the standalone master: spark://HOST:PORT")
    host: str = Field(
        default="127.0.0.1", min_length=1, description="the address at which the workers reach this machine"
    )
    partitions: int = Field(default=8, ge=1, le=10_000, description="into how many parts Spark shuffles rows")


def _in_full(stated: Any) -> Any:
    """Read `duckdb`, which has nothing to set, as `{kind: duckdb}`."""
    return {"kind": stated} if stated == "duckdb" else stated


Choice: TypeAlias = Annotated[DuckDb | Spark, Field(discriminator="kind"), BeforeValidator(_in_full)]
DEFAULT = DuckDb(kind="duckdb")


def open_engine(
    choice: DuckDb | Spark, tables: Mapping[str, Sequence[Path]], spill: Path
) -> AbstractContextManager[Engine]:
    """Return the engine over the gathered tables; only the chosen one is imported."""
    if isinstance(choice, DuckDb):
        from checks.engine.duck import DuckEngine  # noqa: PLC0415 - only audits pay for the engine

        return DuckEngine(tables, spill=spill)
    from checks.engine.spark import SparkEngine  # noqa: PLC0415 - as above

    return SparkEngine(tables, master=choice.master, host=choice.host, spill=spill, partitions=choice.partitions)


def require(choice: DuckDb | Spark, java: str | None, file: str) -> None:
    """Raise `BadInput` where the chosen engine cannot start on this machine; `java` is its program, if any."""
    if isinstance(choice, DuckDb):
        return
    from infra.spark.java import java_problem  # noqa: PLC0415 - only audits on Spark ask for Java

    missing = [name for name in ("pyspark", "sqlglot") if find_spec(name) is None]
    problem = f"{missing[0]} is not installed" if missing else java_problem(java)
    if problem:
        hint = "install probity[spark] and Java 17 or 21, or choose `engine: duckdb`; see docs/spark.md"
        raise BadInput(Problem(Code.MALFORMED, f"the engine `spark` cannot start: {problem}", Place(file), hint))


def publishable(stated: Any) -> Any:
    """Return the engine as written without the addresses of a cluster: a bundle names no machine."""
    if not isinstance(stated, dict):
        return stated
    named = {key: value for key, value in stated.items() if key != "host"}
    if str(named.get("master", "")).startswith("spark:"):
        named["master"] = "spark://"
    return named
