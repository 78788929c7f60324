from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.errors import BadInput, DigestMismatch, VerificationError
from evidence.model import Exhibit, Outcome
from evidence.policy import Policy
from evidence.trust import Trust
from evidence.verification import STEP_NAMES, Verification
from evidence.verify import run_verify, verify
from tests.attacks.forge import FORGERS
from tests.attacks.parts import reseal, unpack
from tests.evidence import sealed

WEEK_LATER = sealed.AS_OF + timedelta(days=7)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed.seal(tmp_path_factory.mktemp("sealed") / "a.zip")


@pytest.fixture(scope="module")
def trust_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed.write_trust(tmp_path_factory.mktemp("trust"))


def outcomes(verification: Verification) -> dict[int, str]:
    return {step.step: step.outcome.value for step in verification.steps}


def failure(verification: Verification) -> tuple[int, str | None]:
    (failed,) = (step for step in verification.steps if step.outcome == "failed")
    return failed.step, failed.reason


def test_every_step_is_reported_in_order(bundle: Path) -> None:
    steps = verify(bundle, sealed.trust()).steps
    assert {step.step: step.name for step in steps} == STEP_NAMES
    assert [step.step for step in steps] == list(range(1, 12))


def test_steps_the_policy_does_not_need_are_not_run_and_say_why(bundle: Path) -> None:
    verification = verify(bundle, sealed.trust())
    assert {n for n, outcome in outcomes(verification).items() if outcome == "not_run"} == {4, 5, 8, 9}
    assert all(step.reason for step in verification.steps if step.outcome == "not_run")


@pytest.mark.parametrize(
    ("demand", "step", "reason"),
    [
        ({"time": "rfc3161"}, 4, "TIMESTAMP_MISSING"),
        ({"require": ("dsse-p256", "cades")}, 5, "CADES_MISSING"),
        ({"require": ("dsse-p256", "ml-dsa-65")}, 6, "SIGNATURE_MISSING"),
        ({"ledger": True}, 8, "LEDGER_MISSING"),
    ],
)
def test_demand_that_this_form_cannot_meet_fails(
    bundle: Path, demand: dict[str, object], step: int, reason: str
) -> None:
    verification = verify(bundle, sealed.trust(**demand))
    assert (verification.verified, failure(verification)) == (False, (step, reason))


class DemandsDisclosures(Policy):
    """A policy that needs a step which has nothing to look at."""

    def required_steps(self) -> frozenset[int]:
        return super().required_steps() | {9}


def test_step_that_is_needed_and_did_not_run_is_a_failure(bundle: Path) -> None:
    policy = DemandsDisclosures.model_validate(sealed.policy().as_json())
    verification = verify(bundle, Trust(policy, sealed.SIGNER.public_key))
    assert "failed" not in outcomes(verification).values()
    assert (verification.verified, verification.reason) == (False, "STEP_NOT_RUN")
    with pytest.raises(VerificationError, match="STEP_NOT_RUN"):
        verification.content()


def test_right_signature_over_wrong_content_names_no_signer(tmp_path: Path, bundle: Path) -> None:
    forged = tmp_path / "forged.zip"
    forged.write_bytes(FORGERS["swap_seal"](bundle.read_bytes()))
    verification = verify(forged, sealed.trust())
    assert (outcomes(verification)[6], verification.signers) == ("passed", ())


def test_nothing_is_run_after_a_failure(tmp_path: Path, bundle: Path) -> None:
    forged = tmp_path / "forged.zip"
    forged.write_bytes(FORGERS["flip_verdict"](bundle.read_bytes()))
    verification = verify(forged, sealed.trust())
    assert list(outcomes(verification).values()) == ["passed", "passed", "failed", *["not_run"] * 8]


def test_without_trust_integrity_is_examined_and_nothing_is_verified(bundle: Path) -> None:
    verification = verify(bundle, None)
    assert (verification.verified, verification.reason, verification.signers) == (False, "NO_TRUST", ())
    assert {n for n, outcome in outcomes(verification).items() if outcome == "passed"} == {1, 2, 3, 7, 10}


def test_levels_and_time_are_stated_and_not_implied(bundle: Path) -> None:
    answer = verify(bundle, sealed.trust()).as_json()
    assert answer["levels"] == {"seal": "simple", "time": "local-clock"}
    assert answer["time"] == {"proven": None, "source": "local-clock", "claimed": "2025-07-02T00:00:00Z"}
    assert answer["members"] == {"expected": 9, "present": 9}


def test_unverified_bundle_has_no_level_and_no_facts(bundle: Path) -> None:
    answer = verify(bundle, None).as_json()
    assert (answer["levels"], answer["audit"]) == ({"seal": "none", "time": "none"}, None)
    assert answer["not_proved"] == ["anything: this bundle did not verify"]


@pytest.mark.parametrize("word", ["time stamp", "withheld", "newest", "holds the key", "vendor's evidence", "replay"])
def test_what_is_not_proved_is_listed(bundle: Path, word: str) -> None:
    assert any(word in item for item in verify(bundle, sealed.trust()).not_proved)


def test_unverified_bundle_hands_out_no_content(bundle: Path) -> None:
    with pytest.raises(VerificationError, match="NO_TRUST: step 11 policy"):
        verify(bundle, None).content()


def test_answer_read_back_from_json_hands_out_no_content(bundle: Path) -> None:
    answer = Verification.model_validate(verify(bundle, sealed.trust()).as_json())
    with pytest.raises(VerificationError, match="NOT_VERIFIED"):
        answer.content()


def test_content_changed_after_the_verification_is_not_handed_out(tmp_path: Path) -> None:
    path = sealed.seal(tmp_path / "a.zip")
    content = verify(path, sealed.trust()).content()
    path.write_bytes(path.read_bytes().replace(b'"breached"', b'"metmetme"'))
    with pytest.raises(DigestMismatch, match="changed since it was verified"):
        content.read("data/results/findings.json")


def test_content_that_is_not_there_is_a_verification_error(bundle: Path) -> None:
    content = verify(bundle, sealed.trust()).content()
    assert "data/report.html" in content.names()
    with pytest.raises(VerificationError, match="MISSING_MEMBER"):
        content.read("data/other")


def test_exhibit_that_rests_on_absence_needs_no_artefact(tmp_path: Path, bundle: Path) -> None:
    finding = sealed.result().findings[0]
    absent = Exhibit(record="app-trace", outcome=Outcome.UNKNOWN, measure=None, artefact="")
    result = sealed.result().model_copy(update={"findings": (finding.model_copy(update={"exhibits": (absent,)}),)})
    data = result.model_dump_json(by_alias=True).encode()
    files = unpack(bundle.read_bytes()) | {"data/results/findings.json": data}
    digest = sealed.sha256_hex(data)
    path = tmp_path / "a.zip"
    path.write_bytes(reseal(files | {"data/report.html": digest.encode()}, findings_sha256=digest))
    assert verify(path, sealed.trust()).verified


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (WEEK_LATER, None),
        (WEEK_LATER + timedelta(microseconds=1), "TOO_OLD"),
        (sealed.AS_OF - timedelta(seconds=1), "TOO_OLD"),
        (None, "NO_VERIFICATION_TIME"),
    ],
)
def test_policy_may_limit_the_age(bundle: Path, at: datetime | None, reason: str | None) -> None:
    verification = verify(bundle, sealed.trust(not_older_than="7d"), at=at)
    assert (verification.verified, verification.reason) == (reason is None, reason)


def test_time_without_an_offset_is_bad_input(bundle: Path) -> None:
    with pytest.raises(BadInput, match="no UTC offset"):
        verify(bundle, sealed.trust(), at=datetime(2025, 7, 3, tzinfo=UTC).replace(tzinfo=None))


def test_text_says_signer_time_and_what_is_not_proved(bundle: Path, tmp_path: Path) -> None:
    key = sealed.trust().key_id
    folder = sealed.write_trust(tmp_path, signed_by=[{"name": "Acme Internal Audit", "keyid": key}])
    out = io.StringIO()
    assert run_verify(bundle, folder, "text", out, io.StringIO()) == 0
    for words in (
        "\nVERIFIED\n",
        f"Acme Internal Audit, key sha256:{key}",
        "proven: none, source: local-clock",
        "not proved",
    ):
        assert words in out.getvalue()


def test_text_is_one_line_a_step(bundle: Path, trust_folder: Path) -> None:
    out = io.StringIO()
    run_verify(bundle, trust_folder, "text", out, io.StringIO())
    assert [line.split()[1] for line in out.getvalue().splitlines()[1:12]] == list(STEP_NAMES.values())


def test_text_survives_a_terminal_without_unicode(bundle: Path, trust_folder: Path) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    assert run_verify(bundle, trust_folder, "text", out, io.StringIO()) == 0
    out.flush()
    assert b"passed" in raw.getvalue()


def test_hostile_name_does_not_reach_the_terminal(bundle: Path, trust_folder: Path, tmp_path: Path) -> None:
    forged, out = tmp_path / "forged\x1b[2J.zip", io.StringIO()
    forged.write_bytes(FORGERS["escape_the_terminal"](bundle.read_bytes()))
    assert run_verify(forged, trust_folder, "text", out, io.StringIO()) == 4
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("bad", ["bundle", "trust", "policy"])
def test_bad_usage_is_exit_code_2_and_says_what_to_do(
    bundle: Path, trust_folder: Path, tmp_path: Path, bad: str
) -> None:
    (tmp_path / "policy.json").write_text("{}")
    folder = {"bundle": trust_folder, "trust": tmp_path / "absent", "policy": tmp_path}[bad]
    out, err = io.StringIO(), io.StringIO()
    assert run_verify(tmp_path / "absent.zip" if bad == "bundle" else bundle, folder, "text", out, err) == 2
    assert (out.getvalue(), err.getvalue().startswith("error[")) == ("", True)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evidence", *arguments]
    root = Path(__file__).parents[2]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)


def test_command_prints_json_and_exits_0(bundle: Path, trust_folder: Path) -> None:
    done = run("verify", str(bundle), "--trust", str(trust_folder), "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["schema"] == "probity.verify/v1"


def test_command_without_trust_exits_4(bundle: Path) -> None:
    done = run("verify", str(bundle))
    assert (done.returncode, "NOT VERIFIED (NO_TRUST)" in done.stdout) == (4, True)


@pytest.mark.parametrize("arguments", [(), ("verify",), ("judge", "x"), ("verify", "x", "--at", "2025-07-01T00:00:00")])
def test_command_that_is_wrong_exits_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).returncode == 2


def test_command_reads_the_time_of_verification(bundle: Path, tmp_path: Path) -> None:
    folder = sealed.write_trust(tmp_path, not_older_than="7d")
    arguments = ("verify", str(bundle), "--trust", str(folder), "--at")
    assert [run(*arguments, text).returncode for text in ("2025-07-03T00:00:00Z", "2026-07-03T00:00:00Z")] == [0, 4]


def test_verifier_needs_the_base_install_only() -> None:
    heavy = "pyarrow prefect great_expectations duckdb boto3 ruamel click flows checks infra ssl http.client"
    code = f"import sys, evidence.__main__; print([m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
