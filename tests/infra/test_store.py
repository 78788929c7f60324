"""The folder store: a bundle appears whole or not at all, and is never replaced."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.errors import OutputFailed
from infra.store import FolderStore

AT = datetime(2025, 7, 2, tzinfo=UTC)


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "sealed.zip"
    path.write_bytes(b"bundle")
    return path


def test_a_bundle_is_put_under_its_name(sealed: Path, tmp_path: Path) -> None:
    stored = FolderStore(kind="folder", path=str(tmp_path / "bundles")).put(sealed, "a.zip", AT)
    assert Path(stored).read_bytes() == b"bundle"
    assert [p.name for p in Path(stored).parent.iterdir()] == ["a.zip"]


def test_an_existing_bundle_is_never_replaced(sealed: Path, tmp_path: Path) -> None:
    store = FolderStore(kind="folder", path=str(tmp_path))
    (tmp_path / "a.zip").write_bytes(b"older")
    with pytest.raises(OutputFailed, match="exists already"):
        store.put(sealed, "a.zip", AT)
    assert (tmp_path / "a.zip").read_bytes() == b"older"
    assert not list(tmp_path.glob(".*.partial"))


def test_preparing_a_store_leaves_nothing_behind(tmp_path: Path) -> None:
    FolderStore(kind="folder", path=str(tmp_path / "bundles")).prepare()
    assert list((tmp_path / "bundles").iterdir()) == []


def test_the_same_bundle_again_is_done_already(sealed: Path, tmp_path: Path) -> None:
    store = FolderStore(kind="folder", path=str(tmp_path / "bundles"))
    first = store.put(sealed, "a.zip", AT)
    (tmp_path / "bundles" / ".a.zip.partial").write_bytes(b"bun")
    assert store.put(sealed, "a.zip", AT) == first
    assert [p.name for p in (tmp_path / "bundles").iterdir()] == ["a.zip"]
