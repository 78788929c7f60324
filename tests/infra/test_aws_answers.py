"""What AWS answers, and does not: failures that pass and that stay, listings without an end, what a card says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from evidence.errors import LimitExceeded, Terminal, Transient
from evidence.locker import Locker
from evidence.model import Period
from infra import aws_answers
from infra.aws_answers import Answers, paged
from infra.bucket_objects import region_of, source_error
from infra.source import Gathering
from infra.sources.s3 import S3
from infra.tally import Tally

NOW = datetime(2026, 10, 2, tzinfo=UTC)
PERIOD = Period.of(datetime(2026, 10, 1, tzinfo=UTC), NOW)
URL = "https://s3.eu-central-1.amazonaws.com"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "secret-in-the-message"}}, "Call")


@pytest.mark.parametrize(
    "cause",
    [
        *map(refusal, ("AccessDenied", "AccessDeniedException", "ExpiredTokenException", "NoSuchBucket", "403")),
        *map(refusal, ("UnrecognizedClientException", "ValidationException", "TrailNotFoundException")),
        NoCredentialsError(),
    ],
)
def test_what_another_attempt_would_not_change_is_terminal(cause: Exception) -> None:
    error = source_error("read", "s3://b", cause)
    assert isinstance(error, Terminal)
    assert "secret-in-the-message" not in str(error)


@pytest.mark.parametrize(
    "cause",
    [
        *map(refusal, ("SlowDown", "ThrottlingException", "InternalError", "ServiceUnavailable", "500")),
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
    ],
)
def test_what_passes_is_transient(cause: Exception) -> None:
    assert isinstance(source_error("read", "s3://b", cause), Transient)


class Pages:
    """A client whose listing has so many pages of one item."""

    def __init__(self, number: int) -> None:
        self.number = number

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> Any:
        return ({"Items": [n]} for n in range(self.number))


def test_a_listing_is_read_to_its_end_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_answers, "MAX_PAGES", 3)
    assert paged(Pages(3), "list_items", "Items") == {"Items": [0, 1, 2]}
    with pytest.raises(LimitExceeded, match="more than 3 pages"):
        paged(Pages(4), "list_items", "Items")


def test_what_failed_and_what_is_not_set_are_told_apart(tmp_path: Path) -> None:
    gathering = Gathering(tmp_path, Locker(tmp_path / "l"), tmp_path / "t", PERIOD, lambda: NOW, lambda v: v)
    buckets = [{"name": "genai-logs"}]
    source = S3.model_validate({"account": "111122223333", "region": "eu-central-1", "buckets": buckets})
    answers = Answers("s3://genai-logs", source, gathering)

    def raising(cause: Exception) -> Any:
        raise cause

    assert answers.ask("Plain", lambda: {"ResponseMetadata": {}, "At": NOW, "Ratio": 0.5}) == {"At": NOW, "Ratio": 0.5}
    assert answers.ask("Unset", lambda: raising(refusal("NoSuchThing")), frozenset({"NoSuchThing"})) == {}
    assert answers.ask("Failed", lambda: raising(refusal("SlowDown"))) == {}
    stored = answers.keep("probity.test/v1")
    answers.card(stored, "s3://genai-logs", ("settings",), Tally("x", rows=len(answers.answers)))
    told = json.loads((tmp_path / "l").joinpath(gathering.locker.path(stored.sha256)).read_bytes())
    assert told["answers"] == {
        "Plain": {"At": "2026-10-02T00:00:00+00:00", "Ratio": "0.5"},
        "Unset": {"none": "NoSuchThing"},
    }
    (card,) = gathering.gathered().cards
    assert (card.rows, card.unreadable, card.complete, card.query) == (2, 1, False, "Plain, Unset")
    assert card.received == card.rows + card.unreadable


def test_a_region_is_named_as_it_is_today() -> None:
    stated: list[dict[str, Any]] = [{}, {"LocationConstraint": None}, {"LocationConstraint": "EU"}]
    assert [region_of(one) for one in stated] == ["us-east-1", "us-east-1", "eu-west-1"]
