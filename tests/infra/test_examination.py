"""Looking at sources before they are gathered: what is asked of each, and what a refusal means."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.examination import Examination, Outcome
from infra.sources import discover
from infra.sources.audits import Audits
from infra.sources.bedrock import Bedrock
from tests.evidence import sealed
from tests.infra.test_bedrock import caller
from tests.vendor_server import Reply, serving

ANSWERS = {
    "/": caller("444455556666"),
    "/logging/modelinvocations": Reply({}),
    "/data-retention": Reply({"mode": "none"}),
    "/inference-profiles": Reply({"message": "no"}, 403, {"x-amzn-ErrorType": "AccessDeniedException"}),
}


def at(folder: Path) -> Examination:
    return Examination(folder, lambda: datetime(2026, 10, 1, tzinfo=UTC))


def test_bedrock_is_asked_each_call_once_and_a_missing_right_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    source = Bedrock(account="111122223333", regions=("eu-central-1",), reads=("settings", "profiles", "invocations"))
    with serving(lambda path, _, __: ANSWERS[path]) as server:
        for service in ("BEDROCK", "STS"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", server.address)
        seen = {one.what: one.outcome for one in source.examine(at(tmp_path))}
        assert len(server.asked) == 4
    assert seen == {
        "sts:GetCallerIdentity": Outcome.MISCONFIGURED,
        "bedrock:GetModelInvocationLoggingConfiguration in eu-central-1": Outcome.FINE,
        "bedrock:GetAccountDataRetention in eu-central-1": Outcome.FINE,
        "bedrock:ListInferenceProfiles in eu-central-1": Outcome.UNREADABLE,
    }
    asked = {fetch.address for fetch in source.fetches(tmp_path)}
    assert "bedrock:GetAccountDataRetention in eu-central-1" in asked


def test_before_the_first_audit_there_is_nothing_of_our_own_to_read_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    sealed.write_trust(tmp_path / "trust")
    assert {one.outcome for one in Audits(trust=("trust",)).examine(at(tmp_path))} == {Outcome.FINE}


def test_every_source_says_itself_what_it_looks_at() -> None:
    own = {kind for kind, source in discover().items() if "path" not in source.model_fields}
    assert own == {kind for kind in own if "examine" in vars(discover()[kind]) and "fetches" in vars(discover()[kind])}
