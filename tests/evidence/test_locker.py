import hashlib
import io

import pytest

from evidence.errors import DigestMismatch, LimitExceeded, Terminal, VerificationError
from evidence.locker import Locker


@pytest.fixture
def locker(tmp_path):
    return Locker(tmp_path / "locker")


def files_in(tmp_path):
    return [path for path in (tmp_path / "locker").rglob("*") if path.is_file()]


def test_what_is_put_comes_back_byte_for_byte(locker):
    stored = locker.put(io.BytesIO(b"what the source said\r\n"))
    assert stored == (hashlib.sha256(b"what the source said\r\n").hexdigest(), 22)
    with locker.open(stored.artefact) as stream:
        assert stream.read() == b"what the source said\r\n"


def test_putting_twice_keeps_one_object(locker, tmp_path):
    assert locker.put(io.BytesIO(b"x")) == locker.put(io.BytesIO(b"x"))
    assert len(files_in(tmp_path)) == 1


def test_an_empty_artefact_is_an_artefact(locker):
    assert locker.verify(locker.put(io.BytesIO(b"")).sha256) == 0


def test_objects_are_listed_in_order(locker):
    put = [locker.put(io.BytesIO(bytes([n]))).sha256 for n in range(9)]
    assert list(locker.digests()) == sorted(put)


def test_a_damaged_object_does_not_open(locker):
    stored = locker.put(io.BytesIO(b"true"))
    damage(locker, stored)
    with pytest.raises(DigestMismatch, match="DIGEST_MISMATCH"):
        locker.open(stored.sha256)


def test_a_damaged_object_is_not_silently_replaced(locker):
    stored = locker.put(io.BytesIO(b"true"))
    damage(locker, stored)
    with pytest.raises(DigestMismatch):
        locker.put(io.BytesIO(b"true"))


def test_an_absent_object_is_a_verification_error(locker):
    with pytest.raises(VerificationError, match="EVIDENCE_MISSING"):
        locker.open("0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "AB" * 32, "sha256:", "a" * 63])
def test_only_a_digest_names_an_object(locker, digest):
    with pytest.raises(VerificationError, match="BAD_DIGEST"):
        locker.path(digest)


def test_a_stream_above_the_limit_leaves_nothing(locker, tmp_path):
    with pytest.raises(LimitExceeded):
        locker.put(io.BytesIO(b"12345"), limit=4)
    assert files_in(tmp_path) == []


class Breaking(io.BytesIO):
    def __init__(self, error):
        super().__init__(b"some")
        self.error = error

    def read(self, size=-1):
        data = super().read(size)
        if not data:
            raise self.error
        return data


@pytest.mark.parametrize(("error", "raised"), [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(5, "I/O"), Terminal)])
def test_an_interrupted_put_leaves_nothing(locker, tmp_path, error, raised):
    with pytest.raises(raised):
        locker.put(Breaking(error))
    assert files_in(tmp_path) == []


def test_stored_objects_are_read_only(locker):
    stored = locker.put(io.BytesIO(b"x"))
    assert locker.path(stored.sha256).stat().st_mode & 0o777 == 0o444


def damage(locker, stored):
    path = locker.path(stored.sha256)
    path.chmod(0o644)
    path.write_bytes(b"lies")
