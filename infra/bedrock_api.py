"""What Amazon Bedrock answers about itself, region by region: what it keeps, what it logs, where profiles may run.

Sources: Bedrock API `GetAccountDataRetention` (the mode of the runtime; that of `bedrock-mantle` has no operation in
the SDK and is not asked), `GetModelInvocationLoggingConfiguration`, `ListInferenceProfiles`, `ListFoundationModels`.
Each answer holds for the moment of asking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from evidence.model import instant_text
from infra.aws_answers import Answers, paged
from infra.family_rows import FamilyRows, Row
from infra.source import Gathering, Source
from infra.tally import Tally

NOT_ASKED = "the retention mode of bedrock-mantle is not asked: the SDK has no operation for it"
DELIVERED = ("text", "image", "embedding", "video", "audio")
LIFE = ("startOfLifeTime", "legacyTime", "publicExtendedAccessTime", "endOfLifeTime")
FAMILIES = ("settings",)


@dataclass(frozen=True, slots=True)
class Logging:
    """Where a region delivers its invocation logs, if it does."""

    bucket: str | None = None
    prefix: str = ""


@dataclass(slots=True)
class BedrockGathering:
    """Everything that is asked about regions of one account; `sts` makes the client that says whose credentials are."""

    source: Source
    gathering: Gathering
    rows: FamilyRows
    account: str
    sts: Callable[[], Any]

    def read(self, region: str, client: Any, names: tuple[str, ...]) -> Logging | None:
        """Ask what is named about one region; returns where its invocation logs go, None where nobody told."""
        about = f"Bedrock in {region}"
        answers = Answers(about, self.source, self.gathering)
        retention = logging = profiles = models = None
        if not self._is_ours(answers):
            names = ()
        if "settings" in names or "invocations" in names:
            logging = answers.ask(LOGGING, client.get_model_invocation_logging_configuration)
        if "settings" in names:
            retention = answers.ask("GetAccountDataRetention", client.get_account_data_retention)
        if "profiles" in names:
            listing = partial(paged, client, "list_inference_profiles", "inferenceProfileSummaries")
            profiles = answers.ask("ListInferenceProfiles", listing)
        if "models" in names:
            models = answers.ask("ListFoundationModels", client.list_foundation_models)
        when = instant_text(self.gathering.observed())
        found = [
            *_retention(region, retention or {}, when),
            *(_logging(region, logging or {}, when) if LOGGING in answers.answers else ()),
            *_profiles(region, profiles or {}, when),
            *_models(region, models or {}, when),
        ]
        self._keep(region, answers, found, mantle="settings" in names)
        return _delivered_to(logging or {}) if LOGGING in answers.answers else None

    def _is_ours(self, answers: Answers) -> bool:
        """Return whether the credentials are the account's: what Bedrock answers names none. Whose else is not kept."""
        found = answers.ask(WHOSE, lambda: {"Account": self.sts().get_caller_identity().get("Account")}).get("Account")
        if WHOSE in answers.answers and found != self.account:
            answers.faults.append(
                f"the credentials are of account {found}, and not of {self.account}: nothing was asked"
            )
        return bool(found == self.account)

    def _keep(self, region: str, answers: Answers, found: list[Row], *, mantle: bool) -> None:
        stored = answers.keep("probity.bedrock/v1", region=region, account=self.account)
        for number, (family, row) in enumerate(found):
            self.rows.add(family, row, artefact=stored.artefact, row=number)
        tally = Tally(answers.about, self.gathering.limits)
        tally.rows = len(answers.answers)
        if mantle:
            tally.problem(NOT_ASKED)
        answers.card(stored, f"bedrock://{self.account}/{region}", FAMILIES, tally)


LOGGING = "GetModelInvocationLoggingConfiguration"
WHOSE = "GetCallerIdentity"


def _setting(setting: str, scope: str, value: str, when: str) -> Row:
    return "settings", {"setting": setting, "scope": scope, "value": value, "captured_at": when}


def _retention(region: str, answer: Mapping[str, Any], when: str) -> Iterator[Row]:
    if isinstance(mode := answer.get("mode"), str):
        yield _setting("data_retention_mode", f"bedrock/{region}", mode, when)
    if isinstance(since := answer.get("updatedAt"), datetime):
        yield _setting("data_retention_mode_updated_at", f"bedrock/{region}", instant_text(since), when)


def _logging(region: str, answer: Mapping[str, Any], when: str) -> Iterator[Row]:
    config, place = _part(answer, "loggingConfig"), _delivered_to(answer)
    where = [f"s3://{place.bucket}/{place.prefix}"] if place.bucket is not None else []
    if group := _part(config, "cloudWatchConfig").get("logGroupName"):
        where.append(f"log group {group}")
    kinds = [kind for kind in DELIVERED if config.get(f"{kind}DataDeliveryEnabled")]
    value = f"on: {', '.join(kinds) or 'no bodies'} to {' and '.join(where) or 'nowhere'}" if config else "off"
    yield _setting("model_invocation_logging", f"bedrock/{region}", value, when)


def _delivered_to(answer: Mapping[str, Any]) -> Logging:
    stated = _part(_part(answer, "loggingConfig"), "s3Config")
    name = stated.get("bucketName")
    return Logging(str(name) if name else None, str(stated.get("keyPrefix") or "").strip("/"))


def _profiles(region: str, answer: Mapping[str, Any], when: str) -> Iterator[Row]:
    """Yield where each profile may have a call processed: the regions of the models behind it."""
    for profile in answer.get("inferenceProfileSummaries", ()):
        arns = [str(model.get("modelArn", "")) for model in profile.get("models", ())]
        regions = sorted({arn.split(":")[3] for arn in arns if arn.count(":") > 4})
        scope = f"bedrock/{region}/{profile.get('inferenceProfileId', '')}"
        value = f"{profile.get('status', 'no status')}: {', '.join(regions) or 'regions not stated'}"
        yield _setting("inference_profile", scope, value, when)


def _models(region: str, answer: Mapping[str, Any], when: str) -> Iterator[Row]:
    for model in answer.get("modelSummaries", ()):
        life = _part(model, "modelLifecycle")
        dates = [f"{name} {instant_text(life[name])}" for name in LIFE if isinstance(life.get(name), datetime)]
        value = "; ".join([str(life.get("status", "no status")), *dates])
        yield _setting("model_lifecycle", f"bedrock/{region}/{model.get('modelId', '')}", value, when)


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}
