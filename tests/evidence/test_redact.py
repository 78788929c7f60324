from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import disclosure, redact
from evidence.errors import BadContainer, BrokenDisclosure, OutputFailed
from evidence.layout import DISCLOSURES
from evidence.verify import verify
from tests.attacks.parts import pack, unpack
from tests.evidence import disclosed, doubly, logged, sealed

EACH_EXAMPLE_WRITES_ITS_OWN = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return disclosed.seal(tmp_path_factory.mktemp("sealed") / "a.zip")


def fresh(folder: Path) -> Path:
    return folder / f"{len(list(folder.iterdir()))}.zip"


@EACH_EXAMPLE_WRITES_ITS_OWN
@given(kept=st.sets(st.sampled_from(disclosed.VALUES)))
def test_bundle_verifies_whatever_was_redacted(kept: set[str], bundle: Path, tmp_path: Path) -> None:
    left = redact.redact(bundle, out := fresh(tmp_path), lambda found, _: found.value in kept)
    assert {d.value for d in left.disclosures} == kept
    assert verify(out, sealed.trust()).verified


@EACH_EXAMPLE_WRITES_ITS_OWN
@given(seed=st.integers(0, 2**32), part=st.sampled_from(["salt", "token", "value"]))
def test_bundle_never_verifies_when_part_of_a_line_was_changed(
    seed: int, part: str, bundle: Path, tmp_path: Path
) -> None:
    files, chance = unpack(bundle.read_bytes()), random.Random(seed)
    lines = list(disclosed.disclosures())
    at = chance.randrange(len(lines))
    old = getattr(lines[at], part)
    new = old + "x" if part == "value" else old[:-1] + chance.choice(sorted(set("0123456789abcdef") - {old[-1]}))
    lines[at] = disclosure.Disclosure(**{n: getattr(lines[at], n) for n in ("token", "salt", "value")} | {part: new})
    out = fresh(tmp_path)
    out.write_bytes(pack(files | {DISCLOSURES: disclosure.render(lines)}))
    verification = verify(out, sealed.trust())
    assert (verification.verified, [s.step for s in verification.steps if s.outcome == "failed"]) == (False, [9])


def test_redaction_says_what_remains_of_each_field(bundle: Path, tmp_path: Path) -> None:
    left = redact.redact(bundle, tmp_path / "b.zip", lambda _, fields: "approvals.approver" not in fields)
    assert left.by_field() == {"approvals.approver": (0, 1), "audit_log.actor": (5, 6)}


def test_same_redaction_gives_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        redact.redact(bundle, tmp_path / name, lambda found, _: found.value != "-n")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_redacted_value_is_nowhere_in_the_bundle(bundle: Path, tmp_path: Path) -> None:
    redact.redact(bundle, tmp_path / "b.zip", lambda found, _: not found.value.startswith("jane"))
    assert b"jane" in bundle.read_bytes()
    assert b"jane" not in (tmp_path / "b.zip").read_bytes()


def test_redaction_never_overwrites(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"precious")
    with pytest.raises(OutputFailed, match="already exists"):
        redact.redact(bundle, tmp_path / "b.zip", lambda *_: False)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"precious"]


def test_forged_disclosure_is_not_redacted_away(bundle: Path, tmp_path: Path) -> None:
    files = unpack(bundle.read_bytes())
    forged = tmp_path / "forged.zip"
    forged.write_bytes(pack(files | {DISCLOSURES: files[DISCLOSURES].replace(b"jane", b"john")}))
    with pytest.raises(BrokenDisclosure, match="DISCLOSURE_FORGED"):
        redact.redact(forged, tmp_path / "b.zip", lambda *_: False)


def test_what_remains_is_said_not_to_be_proved(bundle: Path, tmp_path: Path) -> None:
    redact.redact(bundle, tmp_path / "b.zip", lambda found, _: found.value != "-n")
    assert (
        "whom 1 of 6 disclosed tokens stand for: redacted since"
        in verify(tmp_path / "b.zip", sealed.trust()).not_proved
    )


def test_stamped_and_logged_bundle_still_verifies_after_redaction(tmp_path: Path) -> None:
    full = logged.seal_full(tmp_path / "full.zip")
    redact.redact(full, tmp_path / "b.zip", lambda *_: False)
    assert verify(tmp_path / "b.zip", logged.trust(doubly.trust(ledger=True)), at=doubly.NOW).verified


def test_bundle_parted_from_its_disclosures_verifies_and_is_whole_again_when_joined(
    bundle: Path, tmp_path: Path
) -> None:
    lines = redact.split(bundle, tmp_path / "locked.zip")
    redact.join(tmp_path / "locked.zip", lines, tmp_path / "whole.zip")
    assert verify(tmp_path / "locked.zip", sealed.trust()).verified
    assert DISCLOSURES not in unpack((tmp_path / "locked.zip").read_bytes())
    assert (tmp_path / "whole.zip").read_bytes() == bundle.read_bytes()


def test_bundle_without_disclosures_is_split_into_itself_and_nothing(tmp_path: Path) -> None:
    plain = sealed.seal(tmp_path / "a.zip")
    assert redact.split(plain, tmp_path / "b.zip") == b""
    assert (tmp_path / "b.zip").read_bytes() == plain.read_bytes()


def test_lines_of_another_bundle_are_not_joined(tmp_path: Path) -> None:
    plain = sealed.seal(tmp_path / "a.zip")
    with pytest.raises(BrokenDisclosure, match="DISCLOSURE_UNKNOWN"):
        redact.join(plain, disclosure.render(disclosed.disclosures()), tmp_path / "b.zip")


def test_something_else_than_a_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"x")
    with pytest.raises(BadContainer):
        redact.personal(tmp_path / "a.zip")
