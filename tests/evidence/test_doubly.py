"""The full form: what a reader is told, what a policy may demand, and how a bundle ages."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import archive
from evidence.errors import BadInput, BadTimestamp, LimitExceeded, OutputFailed
from evidence.renewal import renew
from evidence.spki import digest_of_key
from evidence.trust import Trust, load_trust
from evidence.verification import Verification
from evidence.verify import verify
from tests.attacks.parts import pack, unpack
from tests.evidence import doubly, pki, sealed
from tests.evidence.every_byte import places, unnoticed

FLIPS = 400


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doubly.seal(tmp_path_factory.mktemp("sealed") / "stamped.zip")


@pytest.fixture(scope="module")
def unstamped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doubly.seal(tmp_path_factory.mktemp("sealed") / "unstamped.zip", None)


LOCAL = {"time": "local-clock"}


def year(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


def failure(verification: Verification) -> tuple[int, str | None]:
    (failed,) = (step for step in verification.steps if step.outcome == "failed")
    return failed.step, failed.reason


def outcome(bundle: Path, trust: Trust | None = None, at: datetime | None = doubly.NOW) -> tuple[bool, str | None]:
    verification = verify(bundle, trust or doubly.trust(), at=at)
    return verification.verified, verification.reason


def test_stamped_bundle_proves_its_time_and_names_all_signers(bundle: Path) -> None:
    verification = verify(bundle, doubly.trust(), at=doubly.NOW)
    assert (verification.time.proven, verification.time.source) == ("2025-07-02T00:01:00Z", "rfc3161")
    assert [s.algorithm for s in verification.signers] == ["ecdsa-p256-sha256", "cades ecdsa-p256-sha256", "ml-dsa-65"]
    assert (verification.levels.seal, verification.levels.time) == ("simple", "rfc3161")


def test_bundle_without_a_stamp_says_that_time_is_the_local_clock(unstamped: Path) -> None:
    verification = verify(unstamped, doubly.trust(**LOCAL), at=doubly.NOW)
    assert (verification.verified, verification.levels.time, verification.time.proven) == (True, "local-clock", None)
    assert any("no trusted time stamp" in item for item in verification.not_proved)
    assert outcome(unstamped) == (False, "TIMESTAMP_MISSING")


def test_levels_are_those_the_reader_gives_the_roots(bundle: Path) -> None:
    levels = verify(bundle, doubly.trust(seal_level="qualified", time_level="qualified"), at=doubly.NOW).levels
    assert (levels.seal, levels.time) == ("qualified", "qualified")


def test_bundle_outlives_its_signer_through_stamp_and_archived_list(bundle: Path) -> None:
    assert pki.seal_keys().certificate.not_valid_after_utc < year(2028)
    assert [outcome(bundle, at=year(y)) for y in (2028, 2036)] == [(True, None), (True, None)]


def test_bundle_ends_with_its_authority_unless_it_was_renewed_in_time(bundle: Path, tmp_path: Path) -> None:
    assert outcome(bundle, at=year(2039)) == (False, "STAMP_EXPIRED")
    renewed = renew(bundle, tmp_path / "renewed.zip", [pki.At(pki.second, year(2036))])
    assert [outcome(renewed, at=year(y)) for y in (2037, 2039, 2045)] == [(True, None)] * 3
    assert outcome(renewed, at=year(2052)) == (False, "STAMP_EXPIRED")


def test_renewal_leaves_every_earlier_member_as_it_was(bundle: Path, tmp_path: Path) -> None:
    renewed = unpack(renew(bundle, tmp_path / "renewed.zip", [pki.At(pki.second, year(2036))]).read_bytes())
    before = unpack(bundle.read_bytes())
    assert {name: renewed[name] for name in before} == before
    assert sorted(renewed.keys() - before.keys()) == ["archive/0002-sha256.txt", "archive/0002-sha256.txt.tsr"]


def test_renewed_bundle_can_be_renewed_again(bundle: Path, tmp_path: Path) -> None:
    once = renew(bundle, tmp_path / "1.zip", [pki.At(pki.second, year(2036))])
    third = lambda: pki.time_keys("Third Time", year(2040), 30, 0x7154)  # noqa: E731
    twice = renew(once, tmp_path / "2.zip", [pki.At(third, year(2048))])
    roots = [pki.first(), pki.second(), third()]
    assert outcome(twice, doubly.trust(roots), year(2060)) == (True, None)


def test_what_was_never_stamped_cannot_be_renewed(unstamped: Path, tmp_path: Path) -> None:
    with pytest.raises(BadTimestamp, match="never stamped"):
        renew(unstamped, tmp_path / "x.zip", [pki.At(pki.first, year(2026))])


def test_renewal_never_overwrites(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"older")
    with pytest.raises(OutputFailed, match="never overwritten"):
        renew(bundle, tmp_path / "x.zip", [pki.At(pki.first, year(2026))])


def test_number_of_renewals_is_bounded() -> None:
    held = {archive.list_name(number): "0" * 64 for number in range(1, archive.MAX_LISTS + 1)}
    with pytest.raises(LimitExceeded, match=f"limit is {archive.MAX_LISTS - 1}"):
        archive.next_list(held, [pki.At(pki.first, year(2026))])


@pytest.mark.parametrize(("demanded", "reason"), [(1, None), (2, None), (3, "TOO_FEW_AUTHORITIES")])
def test_policy_may_demand_stamps_of_several_authorities(tmp_path: Path, demanded: int, reason: str | None) -> None:
    stampers = [pki.At(pki.first, pki.STAMPED), pki.At(pki.early, pki.STAMPED + timedelta(seconds=7))]
    trust = doubly.trust([pki.first(), pki.early()], authorities=demanded)
    made = doubly.Sealing(doubly.steps(stampers=stampers), doubly.trust([pki.first(), pki.early()]), lambda: doubly.NOW)
    path = doubly.seal_bundle(tmp_path / "a.zip", sealed.payload(), sealed.facts(), made)
    verification = verify(path, trust, at=doubly.NOW)
    assert verification.reason == reason
    if reason is None:
        assert verification.time.proven == "2025-07-02T00:01:07Z"  # the time on which all authorities agree


@pytest.mark.parametrize(
    ("missing", "step", "reason"),
    [
        ({"tsa_roots": ()}, 4, "NO_TSA_ROOTS"),
        ({"seal_roots": ()}, 5, "NO_SEAL_ROOT"),
        ({"dsse_ml_dsa_65": None}, 6, "UNPINNED_SIGNATURE"),
    ],
)
def test_what_the_reader_cannot_check_is_not_passed_over(
    bundle: Path, missing: dict[str, object], step: int, reason: str
) -> None:
    lenient = doubly.trust(require=("dsse-p256",), **LOCAL)
    assert failure(verify(bundle, doubly.without(lenient, **missing), at=doubly.NOW)) == (step, reason)


@pytest.mark.parametrize(("which", "step"), [("bundle", 4), ("unstamped", 5)])
def test_without_a_time_of_verification_nothing_is_current(
    which: str, step: int, request: pytest.FixtureRequest
) -> None:
    verification = verify(request.getfixturevalue(which), doubly.trust(**LOCAL), at=None)
    assert failure(verification) == (step, "NO_VERIFICATION_TIME")


def test_policy_may_name_who_seals(bundle: Path) -> None:
    keyid = digest_of_key(pki.seal_keys().key.public_key())
    known, other = ({"name": "Acme", "keyid": k} for k in (keyid, "0" * 64))
    named = verify(bundle, doubly.trust(sealed_by=(known,)), at=doubly.NOW)
    assert named.signers[1].name == "Acme"
    assert outcome(bundle, doubly.trust(sealed_by=(other,))) == (False, "SEALER_NOT_ACCEPTED")


def test_age_is_counted_from_the_proven_time(bundle: Path) -> None:
    trust = doubly.trust(not_older_than="1d")
    ends = (timedelta(days=1), timedelta(days=1, seconds=1))
    assert [outcome(bundle, trust, pki.STAMPED + end)[0] for end in ends] == [True, False]


@pytest.mark.parametrize("name", ["dsse-ml-dsa-65.pub", "seal-root.pem", "tsa-roots.pem"])
def test_file_of_trust_that_the_policy_needs_must_be_there_and_be_what_it_says(tmp_path: Path, name: str) -> None:
    path = doubly.write_trust(tmp_path) / name
    assert load_trust(tmp_path) == doubly.trust()
    for data in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"x" * 300_000):
        path.write_bytes(data)
        with pytest.raises(BadInput, match=name):
            load_trust(tmp_path)
    path.unlink()
    with pytest.raises(BadInput, match=name):
        load_trust(tmp_path)


@pytest.mark.parametrize("which", ["bundle", "unstamped"])
def test_every_byte_of_every_seal_file_matters(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A fixed sample; `tests/evidence/every_byte.py` tries them all, which takes minutes."""
    files = unpack(request.getfixturevalue(which).read_bytes())
    trust = doubly.trust(**({} if which == "bundle" else LOCAL))
    sample = random.Random(7).sample(places(files), FLIPS)
    assert unnoticed(files, trust, sample, tmp_path / "x.zip") == []


@pytest.mark.parametrize("name", ["seal/tagmanifest-sha256.txt.p7s", "archive/0001-sha256.txt.tsr", "seal/ltv/01.crl"])
def test_seal_file_cut_anywhere_is_refused_and_never_crashes(bundle: Path, tmp_path: Path, name: str) -> None:
    files, path = unpack(bundle.read_bytes()), tmp_path / "x.zip"
    for end in range(0, len(files[name]), 37):
        for data in (files[name][:end], files[name] + files[name][:end] + b"\0"):
            path.write_bytes(pack(files | {name: data}))
            assert not verify(path, doubly.trust(), at=doubly.NOW).verified, end
