from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from evidence.container import Member, measure, open_file, read_container, write_container
from evidence.errors import BadContainer, BadInput, LimitExceeded, OutputFailed
from evidence.zip_profile import MAX_MEMBERS, MAX_NAME_LENGTH


def written(*members: Member) -> bytes:
    out = io.BytesIO()
    write_container(out, members)
    return out.getvalue()


def test_container_is_a_zip_that_other_tools_read() -> None:
    data = written(measure("b/c.txt", b"two"), measure("a.txt", b"one"), measure("empty", b""))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["a.txt", "b/c.txt", "empty"]
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


def test_order_of_members_given_does_not_matter() -> None:
    one, two = measure("a", b"1"), measure("b", b"2")
    assert written(one, two) == written(two, one)


def test_bytes_and_files_make_the_same_container(tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(b"content")
    assert written(measure("a", path)) == written(measure("a", b"content"))


def test_reader_returns_what_the_writer_wrote() -> None:
    container = read_container(io.BytesIO(written(measure("a", b"one"), measure("b", b""))))
    assert {name: container.read(name, 10) for name in container.entries} == {"a": b"one", "b": b""}


def test_member_larger_than_the_limit_is_not_read() -> None:
    container = read_container(io.BytesIO(written(measure("a", b"12345"))))
    with pytest.raises(BadContainer, match="LIMIT_EXCEEDED: a: 5 bytes"):
        container.read("a", 4)


def test_absent_member_is_named() -> None:
    with pytest.raises(BadContainer, match="MISSING_MEMBER: b"):
        read_container(io.BytesIO(written(measure("a", b"")))).read("b", 1)


@pytest.mark.parametrize("name", ["", "/a", "a//b", "a/", "../a", "a/../b", "./a", "a b", "a\\b", "é", "a\nb", "a:b"])
def test_name_outside_the_grammar_cannot_be_sealed(name: str) -> None:
    with pytest.raises(OutputFailed, match="rename the file"):
        measure(name, b"")


def test_name_too_long_names_the_limit() -> None:
    measure("n" * MAX_NAME_LENGTH, b"")
    with pytest.raises(LimitExceeded, match=str(MAX_NAME_LENGTH)):
        measure("n" * (MAX_NAME_LENGTH + 1), b"")


def test_too_many_members_name_the_limit() -> None:
    members = [measure(f"m{number}", b"") for number in range(MAX_MEMBERS + 1)]
    read_container(io.BytesIO(written(*members[:-1])))
    with pytest.raises(LimitExceeded, match=str(MAX_MEMBERS)):
        written(*members)


def test_four_gibibytes_are_refused_before_a_byte_is_written() -> None:
    out = io.BytesIO()
    with pytest.raises(LimitExceeded, match="exceeds the limit"):
        write_container(out, [Member("big", b"", 2**32 - 100, 0, "")])
    assert out.getvalue() == b""


@pytest.mark.parametrize(("one", "two"), [("a", "a"), ("a", "A"), ("a", "a/b"), ("A", "a/b")])
def test_names_that_would_collide_cannot_be_sealed(one: str, two: str) -> None:
    with pytest.raises(OutputFailed, match="rename the file"):
        written(measure(one, b""), measure(two, b""))


def test_file_that_changes_while_it_is_sealed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(b"before")
    member = measure("a", path)
    path.write_bytes(b"after!")
    with pytest.raises(OutputFailed, match="changed while it was being sealed"):
        written(member)


def test_source_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputFailed, match="absent"):
        measure("a", tmp_path / "absent")


def test_large_file_is_streamed_in_bounded_memory(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        file.truncate(48 * 1024 * 1024)
    tracemalloc.start()
    try:
        with target.open("wb") as out:
            write_container(out, [measure("big", source)])
        with open_file(target) as file:
            assert sum(len(chunk) for chunk in read_container(file).chunks("big")) == 48 * 1024 * 1024
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("missing", ["absent.zip", "."])
def test_bundle_that_is_no_file_is_bad_input(tmp_path: Path, missing: str) -> None:
    with pytest.raises(BadInput, match="no such bundle"), open_file(tmp_path / missing):
        pass
