"""Looking whether Bedrock answers in a region what it will be asked there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from infra.aws_examination import ask
from infra.examination import Examination, Observation, Outcome

METHODS = {
    "GetModelInvocationLoggingConfiguration": "get_model_invocation_logging_configuration",
    "GetAccountDataRetention": "get_account_data_retention",
    "ListInferenceProfiles": "list_inference_profiles",
    "ListFoundationModels": "list_foundation_models",
}


def examine_account(sts: Any, account: str, at: Examination) -> Observation:
    """Return whether the credentials are those of the account that the audit file names."""
    seen, answer = ask("sts:GetCallerIdentity", sts.get_caller_identity, at)
    if seen.outcome is Outcome.FINE and (found := answer.get("Account")) != account:
        return Observation(
            seen.what, Outcome.MISCONFIGURED, f"the credentials are of account {found}, not of {account}"
        )
    return seen


def examine_region(client: Any, region: str, calls: Sequence[str], at: Examination) -> Iterator[Observation]:
    """Yield what each call gave; one that several readings need is made once."""
    for call in dict.fromkeys(calls):
        yield ask(f"bedrock:{call} in {region}", getattr(client, METHODS[call]), at)[0]
