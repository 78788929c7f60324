"""The pipeline's steps as Prefect tasks; retries and time-outs live here and nowhere else.

A step takes no parameters: Prefect would walk through them, and record what it finds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from evidence.errors import Transient
from flows.engagement import Engagement
from flows.pipeline import Run, gather_source
from infra.source import Gathered, Source

#: Waits before the second, third and fourth attempt at a source, lengthened at random by up to half.
DELAYS_SECONDS = (2.0, 10.0, 30.0)
JITTER = 0.5
TIMEOUT_SECONDS = 6 * 3600

T = TypeVar("T")


def step(name: str, work: Callable[[], T]) -> T:
    """Run one step as a task, once."""

    @task(name=name, cache_policy=NO_CACHE, persist_result=False, timeout_seconds=TIMEOUT_SECONDS)
    def once() -> T:
        return work()

    return once()


def gather(engagement: Engagement, run: Run, source: Source, number: int) -> Gathered:
    """Gather one source as a task, and again only after an error that another attempt could cure."""

    @task(
        name=f"gather {source.kind}",
        retries=len(DELAYS_SECONDS),
        retry_delay_seconds=list(DELAYS_SECONDS),
        retry_jitter_factor=JITTER,
        retry_condition_fn=_transient,
        timeout_seconds=TIMEOUT_SECONDS,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    def attempt() -> Gathered:
        return gather_source(engagement, run, source, number)

    return attempt()


def _transient(_task: Any, _run: Any, state: Any) -> bool:
    """Whether to try again is decided by the class of the error, never by its text."""
    return isinstance(state.result(raise_on_failure=False), Transient)
