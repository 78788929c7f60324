from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import dsse
from evidence.canonical import canonical_bytes
from evidence.layout import LEDGER_ENTRY, LEDGER_START, STATEMENT
from evidence.verify import run_verify, verify
from tests.attacks.parts import pack, reseal, rewrite_manifests, unpack
from tests.evidence import doubly, logged, sealed

TRUST = sealed.trust()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path, Path]:
    folder = tmp_path_factory.mktemp("tampering")
    (folder / "trust").mkdir()
    good = sealed.seal(folder / "good.zip").read_bytes()
    return good, folder / "changed.zip", sealed.write_trust(folder / "trust")


def exit_code(bundle: Path, trust_folder: Path) -> int:
    return run_verify(bundle, trust_folder, "text", io.StringIO(), io.StringIO())


def test_every_byte_of_a_bundle_matters(scene: tuple[bytes, Path, Path]) -> None:
    good, path, _ = scene
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        verification = verify(path, TRUST)
        failed = [step for step in verification.steps if step.outcome == "failed"]
        assert not verification.verified, at
        assert len(failed) == 1, at
        assert failed[0].reason, at
        assert failed[0].detail, at


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_changed_inserted_or_deleted_bytes_verify(scene: tuple[bytes, Path, Path], data: st.DataObject) -> None:
    good, path, trust_folder = scene
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 40)))
    changed = good[:start] + data.draw(st.binary(max_size=40)) + good[end:]
    path.write_bytes(changed)
    assert exit_code(path, trust_folder) == (0 if changed == good else 4)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(max_size=200))
def test_noise_is_refused_and_never_crashes(scene: tuple[bytes, Path, Path], noise: bytes) -> None:
    _, path, trust_folder = scene
    path.write_bytes(noise)
    assert exit_code(path, trust_folder) == 4


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(max_size=100), member=st.sampled_from([STATEMENT, "data/results/findings.json", "bagit.txt"]))
def test_noise_in_any_member_is_refused_even_when_signed(
    scene: tuple[bytes, Path, Path], noise: bytes, member: str
) -> None:
    good, path, trust_folder = scene
    files = unpack(good) | {member: noise}
    path.write_bytes(pack(files) if member == STATEMENT else reseal(files))
    assert exit_code(path, trust_folder) == 4


def variants(value: object) -> Iterator[object]:
    """Yield the value with each of its fields changed, removed and accompanied, one at a time."""
    if isinstance(value, dict):
        yield {**value, "added": 1}
        for key, inner in value.items():
            yield {name: item for name, item in value.items() if name != key}
            yield from ({**value, key: changed} for changed in variants(inner))
    elif isinstance(value, list) and not value:
        yield from (None, [None], {})
    elif isinstance(value, list):
        yield [*value, *value]
        yield []
        yield from ([changed] for changed in variants(value[0]))
    else:
        yield from (other for other in (None, f"{value}0", 7, [], {}) if other != value)


def test_every_field_of_the_envelope_matters(scene: tuple[bytes, Path, Path]) -> None:
    good, path, _ = scene
    count = 0
    for changed in variants(json.loads(unpack(good)[STATEMENT])):
        path.write_bytes(pack(unpack(good) | {STATEMENT: canonical_bytes(changed)}))
        assert not verify(path, TRUST).verified, changed
        count += 1
    assert count > 20


def test_every_field_of_the_statement_matters_under_the_old_signature(scene: tuple[bytes, Path, Path]) -> None:
    good, path, _ = scene
    envelope = dsse.parse(unpack(good)[STATEMENT])
    for changed in variants(json.loads(envelope.payload)):
        forged = dsse.Envelope(canonical_bytes(changed), envelope.signatures)
        path.write_bytes(pack(unpack(good) | {STATEMENT: dsse.encode(forged)}))
        assert verify(path, TRUST).reason == "BAD_SIGNATURE", changed


@pytest.mark.parametrize("member", ["data/results/findings.json", "data/evidence/cards.json"])
def test_every_field_of_the_payload_matters_with_manifests_rewritten(
    scene: tuple[bytes, Path, Path], member: str
) -> None:
    good, path, _ = scene
    reasons = set()
    for changed in variants(json.loads(unpack(good)[member])):
        path.write_bytes(pack(rewrite_manifests(unpack(good) | {member: canonical_bytes(changed)})))
        reasons.add(verify(path, TRUST).reason)
    assert reasons == {"SUBJECT_MISMATCH"}


@pytest.mark.parametrize("member", [LEDGER_START, LEDGER_ENTRY])
def test_every_field_of_a_leaf_matters(tmp_path: Path, member: str) -> None:
    files, path = unpack(logged.seal(tmp_path / "good.zip").read_bytes()), tmp_path / "changed.zip"
    reasons = set()
    for changed in variants(json.loads(files[member])):
        path.write_bytes(pack(files | {member: canonical_bytes(changed)}))
        reasons.add(verify(path, logged.trust(), at=doubly.NOW).reason)
    assert reasons == {"LEDGER_INCLUSION"}


def test_every_field_of_the_statement_is_read_under_a_right_signature(scene: tuple[bytes, Path, Path]) -> None:
    good, path, _ = scene
    free = 0
    for changed in variants(json.loads(dsse.parse(unpack(good)[STATEMENT]).payload)):
        path.write_bytes(reseal(unpack(good), payload=canonical_bytes(changed)))
        free += verify(path, TRUST).verified
    assert free == 0
