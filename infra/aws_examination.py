"""Looking whether AWS answers, grants what gathering asks for, and tells the time that this machine believes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from evidence.errors import BadInput, Place, Problem, SourceError
from infra.bucket_objects import source_error
from infra.examination import Examination, Observation, Outcome, failed
from infra.s3 import FAILURES, NO_BUCKET, code_of


def ask(
    what: str, call: Callable[[], Mapping[str, Any]], at: Examination, absent: frozenset[str] = frozenset()
) -> tuple[Observation, Mapping[str, Any]]:
    """Make one reading call; return what was seen, and the answer or nothing. `absent` codes say that none is set."""
    started = at.now()
    try:
        answer = call()
    except SourceError as cause:
        return failed(what, cause), {}
    except FAILURES as cause:
        if code_of(cause) in absent:
            return Observation(what, Outcome.FINE, "answered that nothing is set"), {}
        if code_of(cause) in NO_BUCKET:
            return failed(what, BadInput(Problem("S001", "there is no such bucket", Place("audit.yaml")))), {}
        return failed(what, source_error("do:", what, cause)), {}
    middle = started + (at.now() - started) / 2
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        offset: int | None = round((parsedate_to_datetime(headers["date"]) - middle).total_seconds() * 1000)
    except (KeyError, ValueError, TypeError):
        offset = None
    return Observation(what, Outcome.FINE, "answered", offset), answer
