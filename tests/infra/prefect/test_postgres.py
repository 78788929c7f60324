"""PostgreSQL of our own: on loopback, behind its password, and with what it kept when it starts again."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.daemons import _started, end
from infra.prefect.postgres import FAST, Postgres
from infra.prefect.servers import _free_port, main

pytestmark = pytest.mark.server


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that an unprivileged user can reach, which those of pytest are not."""
    found = Path(tempfile.mkdtemp(prefix="probity-postgres-"))
    found.chmod(0o711)
    yield found
    shutil.rmtree(found)


def asked(url: str, *statements: str) -> Any:
    """Return the first value that the last statement selects."""

    async def ask() -> Any:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=30)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_what_was_kept_is_there_after_a_new_start_and_nobody_comes_in_without_the_password(folder: Path) -> None:
    postgres = Postgres(folder, _free_port())
    for statements in (["CREATE TABLE kept AS SELECT 42 AS n", "SELECT n FROM kept"], ["SELECT n FROM kept"]):
        postgres.make()
        daemon = postgres.start()
        try:
            assert asked(postgres.url, *statements) == 42
            with pytest.raises(asyncpg.InvalidPasswordError):
                asked(f"postgresql://prefect:wrong@127.0.0.1:{postgres.port}/postgres", "SELECT 1")
        finally:
            end([daemon], FAST)
        assert not daemon.alive
    assert (folder / "postgres.password").stat().st_mode & 0o077 == 0


def test_stopping_where_nothing_was_started_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop", str(tmp_path)]) == 1
    assert "no server was started here" in capsys.readouterr().err


def test_starting_twice_in_one_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = os.getpid()
    (tmp_path / "servers.json").write_text(json.dumps({"server": [own, _started(own), "server.log"]}))
    assert main(["start", str(tmp_path)]) == 1
    assert "stop them first" in capsys.readouterr().err
