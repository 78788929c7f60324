"""The pipeline's functions as Prefect tasks; retries and time-outs live here and nowhere else."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from evidence.errors import Transient
from flows import pipeline

ATTEMPTS = 3
FIRST_DELAY_SECONDS = (2, 10, 30)
GATHER_TIMEOUT_SECONDS = 6 * 3600


def _transient(_task: Any, _run: Any, state: Any) -> bool:
    """Whether to try again is decided by the class of the error, never by its text."""
    return isinstance(state.result(raise_on_failure=False), Transient)


gather_source = task(
    name="gather",
    retries=ATTEMPTS,
    retry_delay_seconds=list(FIRST_DELAY_SECONDS),
    retry_jitter_factor=0.5,
    retry_condition_fn=_transient,
    timeout_seconds=GATHER_TIMEOUT_SECONDS,
    cache_policy=NO_CACHE,
    persist_result=False,
)(pipeline.gather_source)
check = task(name="check", cache_policy=NO_CACHE, persist_result=False)(pipeline.check)
seal = task(name="seal", cache_policy=NO_CACHE, persist_result=False)(pipeline.seal)
publish = task(name="publish", cache_policy=NO_CACHE, persist_result=False)(pipeline.publish)
