"""Stamps by a real authority: openssl answers over HTTP, our client keeps, and both sides verify."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import timestamp
from evidence.certificates import read_pem
from evidence.errors import BadInput, BadTimestamp, OutputFailed
from evidence.timestamp import Authorities
from infra.tsa import Authority, authority
from tests import tsa_server
from tests.tsa_server import Unit, serving

pytestmark = pytest.mark.server
DATA = b"what is stamped"


@pytest.fixture(scope="module", params=["P-256", "P-384"])
def unit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("tsa") / "unit", "Real Time", days=365, curve=request.param)


def roots(unit: Unit) -> Authorities:
    return Authorities(read_pem(unit.root.read_bytes(), "root"))


def stamped(answer) -> bytes:
    with serving(answer) as url:
        return authority(url, lambda bits: 1 << (bits - 1)).stamp(DATA)


def test_stamp_of_a_real_authority_verifies_here_and_with_openssl(unit: Unit, tmp_path: Path) -> None:
    kept = stamped(unit.answer)
    stamp = timestamp.read(kept, DATA, "x.tsr")
    chain = timestamp.check(stamp, roots(unit), datetime.now(UTC), "x.tsr")
    assert abs(stamp.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(chain) == 2
    (tmp_path / "x").write_bytes(DATA)
    (tmp_path / "x.tsr").write_bytes(kept)
    tsa_server.openssl(tmp_path, "ts", "-verify", "-in", "x.tsr", "-data", "x", "-CAfile", str(unit.root))


def test_stamp_is_over_these_bytes_and_no_others(unit: Unit) -> None:
    with pytest.raises(BadTimestamp, match="STAMP_MISMATCH"):
        timestamp.read(stamped(unit.answer), DATA + b"!", "x.tsr")


def test_stamp_is_not_believed_after_the_end_of_the_authority(unit: Unit) -> None:
    stamp = timestamp.read(stamped(unit.answer), DATA, "x.tsr")
    with pytest.raises(BadTimestamp, match="STAMP_EXPIRED"):
        timestamp.check(stamp, roots(unit), datetime.now(UTC) + timedelta(days=400), "x.tsr")


def test_answer_to_an_earlier_request_is_refused(unit: Unit) -> None:
    with serving(unit.answer) as url:
        earlier = Authority(url, lambda: 4711)
        replies: list[bytes] = []

        def record(request: bytes) -> bytes:
            replies.append(unit.answer(request))
            return replies[-1]

        with serving(record) as recorded:
            Authority(recorded, lambda: 4711).stamp(DATA)
        assert earlier.stamp(DATA)
    with serving(lambda _: replies[0]) as url, pytest.raises(OutputFailed, match="another request"):
        Authority(url, lambda: 4712).stamp(DATA)


@pytest.mark.parametrize("reply", [None, b"", b"<html>sign in</html>", b"\x30\x05\x30\x03\x02\x01\x02", b"x" * 100_000])
def test_what_is_no_stamp_is_our_failure_and_names_the_authority(reply: bytes | None) -> None:
    with serving(lambda _: reply) as url, pytest.raises(OutputFailed, match=url):
        authority(url, lambda _: 1).stamp(DATA)


def test_silent_authority_is_our_failure() -> None:
    with serving(lambda _: b"") as url:
        pass
    with pytest.raises(OutputFailed, match="does not answer"):
        authority(url, lambda _: 1).stamp(DATA)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://tsa.example", "tsa.example", "http://"])
def test_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="time-stamping authority"):
        authority(url, lambda _: 1)
