"""The client asks only allowed hosts, tries again only what passes, and says what happened without its secrets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from evidence.errors import Terminal, Transient
from infra.web.client import Answer, Bounds, Client, Request
from infra.web.retry import Retry, retry_after
from tests.vendor_server import Reply, VendorServer, serving

NOW = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
SECRET = "sk-not-to-be-seen"


@contextmanager
def client(server: VendorServer, waits: list[float] | None = None, **more: Any) -> Iterator[Client]:
    given: dict[str, Any] = {"bounds": Bounds(per_second=1e6)} | more
    pause = (lambda _: None) if waits is None else waits.append
    secret = {"x-api-key": SECRET}
    with Client(server.address, secret, frozenset({"127.0.0.1"}), now=lambda: NOW, pause=pause, **given) as asking:
        yield asking


def get(server: VendorServer, waits: list[float] | None = None, **more: Any) -> Answer:
    with client(server, waits, **more) as asking:
        return asking.send(Request("/v1/things", (("limit", "1"),)))


def script(*replies: Reply) -> Any:
    left = list(replies)
    return lambda *_: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_what_passes_is_asked_again_with_growing_waits(status: int) -> None:
    waits: list[float] = []
    with serving(script(Reply(status=status), Reply(status=status), Reply({"data": []}))) as server:
        answer = get(server, waits)
    assert (answer.body, answer.attempts, waits) == (b'{"data": []}', 3, [1.0, 2.0])
    assert server.asked == ["/v1/things?limit=1"] * 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 301, 307])
def test_what_would_be_the_same_again_is_asked_once(status: int) -> None:
    replies = script(Reply(status=status, headers={"Location": "http://127.0.0.2/"}))
    with serving(replies) as server, pytest.raises(Terminal, match=str(status)):
        get(server)
    assert len(server.asked) == 1


def test_a_status_that_is_an_answer_is_returned() -> None:
    with serving(script(Reply(status=404))) as server:
        assert get(server, accepted=frozenset({404})).status == 404


def post(server: VendorServer, **more: Any) -> Answer:
    with client(server, **more) as asking:
        return asking.send(Request("/v1/things", method="POST", body=b"{}", media_type="application/json"))


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=503), Reply(b"{}", promised=5)])
def test_what_may_have_been_done_is_not_sent_again(reply: Reply) -> None:
    with serving(lambda *_: reply) as server:
        with pytest.raises(Transient):
            post(server)
        assert len(server.asked) == 1


def test_what_was_throttled_was_not_done_and_is_sent_again() -> None:
    with serving(script(Reply(status=429), Reply({"id": 1}))) as server:
        assert post(server).status == 200
        assert len(server.asked) == 2


def test_what_is_deleted_may_be_deleted_again() -> None:
    with serving(script(Reply(status=500), Reply())) as server, client(server) as asking:
        assert asking.send(Request("/v1/things/1", method="DELETE")).attempts == 2


def test_the_wait_a_server_asks_for_is_kept_and_bounded() -> None:
    waits: list[float] = []
    with serving(script(Reply(status=429, headers={"Retry-After": "7"}), Reply())) as server:
        get(server, waits)
    assert waits == [7.0]
    replies = script(Reply(status=429, headers={"Retry-After": "86400"}))
    with serving(replies) as server, pytest.raises(Transient, match="asks to wait 86400 s"):
        get(server)
    assert len(server.asked) == 1


def test_attempts_end() -> None:
    with serving(script(Reply(status=500))) as server, pytest.raises(Transient, match="given up after 3 attempts"):
        get(server, retry=Retry(attempts=3))
    assert len(server.asked) == 3


def test_a_body_that_breaks_off_is_no_answer() -> None:
    with serving(script(Reply({"a": 1}, promised=10), Reply({"a": 2}))) as server:
        assert get(server).body == b'{"a": 2}'


def test_an_answer_larger_than_its_bound_is_refused() -> None:
    with serving(script(Reply(b"x" * 1000))) as server, pytest.raises(Terminal, match="more than 999 bytes"):
        get(server, bounds=Bounds(body=999, per_second=1e6))


def test_a_silent_server_is_left() -> None:
    held = threading.Event()
    with serving(script(Reply(held=held))) as server:
        with pytest.raises(Transient, match="ReadTimeout"):
            get(server, bounds=Bounds(silence=0.05, per_second=1e6), retry=Retry(attempts=2))
        held.set()


def test_an_answer_that_trickles_for_too_long_is_left() -> None:
    moments = iter(range(0, 1000, 100))
    with serving(script(Reply(b"x"))) as server:
        more = {"monotonic": lambda: float(next(moments)), "retry": Retry(attempts=1)}
        with pytest.raises(Transient, match="not done after 50 s"):
            get(server, bounds=Bounds(whole=50, per_second=1e6), **more)


def test_requests_keep_the_rate() -> None:
    waits: list[float] = []
    slow = Bounds(per_second=2)
    with serving(script(Reply())) as server, client(server, waits, bounds=slow, monotonic=lambda: 5.0) as asking:
        asking.send(Request("/"))
        asking.send(Request("/"))
    assert waits == [0.5]


def test_the_clock_offset_is_the_servers_minus_ours() -> None:
    with serving(script(Reply(headers={"Date": "Thu, 01 Oct 2026 08:05:00 GMT"}))) as server:
        assert get(server).clock_offset_ms == 300_000


def test_no_error_and_no_description_holds_the_secret() -> None:
    replies = script(Reply({"echo": SECRET}, status=401))
    with serving(replies) as server, client(server) as asking, pytest.raises(Terminal) as refused:
        asking.send(Request("/"))
    assert server.headers_seen[0]["x-api-key"] == SECRET
    assert SECRET not in f"{refused.value!r} {refused.value} {asking!r}"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://api.example", "https only"),
        ("https://other.example", "egress"),
        ("https://user:pass@api.example", "nothing else"),
        ("https://api.example/?key=1", "nothing else"),
        ("ftp://api.example", "https only"),
    ],
)
def test_only_allowed_addresses_are_asked(address: str, why: str) -> None:
    with pytest.raises(Terminal, match=why):
        Client(address, {}, frozenset({"api.example"}), now=lambda: NOW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12", 12.0), ("Thu, 01 Oct 2026 08:00:30 GMT", 30.0), ("Thu, 01 Oct 2026 07:00:00 GMT", 0.0), ("soon", None)],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds


def test_waits_are_shortened_at_random_by_at_most_half() -> None:
    assert Retry().wait(1, 0.999, None) == pytest.approx(0.5, abs=0.01)
    assert Retry().wait(4, 0.0, None) == 8.0
