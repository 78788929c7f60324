"""What several tests of sources share: an S3 on loopback, and somebody to ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Serve moto's S3 for a whole session; tests make their own buckets, and reset it where they need it empty."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - most tests need no server

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set credentials that moto believes."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing-1234")
