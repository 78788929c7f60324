"""Looking whether Bedrock answers in a region what it will be asked there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from infra.aws_examination import ask
from infra.examination import Examination, Observation

METHODS = {
    "GetModelInvocationLoggingConfiguration": "get_model_invocation_logging_configuration",
    "GetAccountDataRetention": "get_account_data_retention",
    "ListInferenceProfiles": "list_inference_profiles",
    "ListFoundationModels": "list_foundation_models",
}


def examine_region(client: Any, region: str, calls: Sequence[str], at: Examination) -> Iterator[Observation]:
    """Yield what each call gave; one that several readings need is made once."""
    for call in dict.fromkeys(calls):
        yield ask(f"bedrock:{call} in {region}", getattr(client, METHODS[call]), at)[0]
