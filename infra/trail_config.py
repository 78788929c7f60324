"""What a trail is set to log, read before its files are: a log without the events that matter shows nothing.

Sources: CloudTrail API `GetTrail`, `GetTrailStatus`, `GetEventSelectors`, `ListPublicKeys`; "Logging data events";
"Monitor Amazon Bedrock API calls using CloudTrail", where runtime inference is a management event, logged unless it is
excluded, and mantle inference a data event, logged only by a trail that was told to.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evidence.model import Period
from infra.aws_answers import Answers, paged
from infra.bedrock_events import MANTLE, RUNTIME
from infra.source import Gathering, Source
from infra.tally import Tally

MANTLE_RESOURCE = "AWS::BedrockMantle::Project"
#: AWS gives keys for spans of time; a digest late in one may be signed with a key of the next.
FINGERPRINT = "Fingerprint"


@dataclass(slots=True)
class TrailConfig:
    """What a trail says of itself, and the keys its digests are signed with; `dark` says what it does not log."""

    trail: Mapping[str, Any] = field(default_factory=dict)
    status: Mapping[str, Any] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    dark: list[str] = field(default_factory=list)

    @property
    def newest_digest(self) -> datetime | None:
        """Return when the trail delivered its latest digest."""
        found = self.status.get("LatestDigestDeliveryTime")
        return found if isinstance(found, datetime) else None


def read_trail(
    client: Any,
    name: str,
    places: Sequence[tuple[str, str]],
    source: Source,
    gathering: Gathering,
    families: tuple[str, ...],
    read_from: tuple[str, str],
) -> TrailConfig:
    """Return the configuration of a trail; every answer is an artefact with a card of its own.

    `places` are the accounts and regions whose logs are read, out of the bucket and prefix `read_from`. What the trail
    does not log makes that card blind; a call that fails makes it incomplete.
    """
    config, period = TrailConfig(), gathering.period
    asking = Answers("CloudTrail", source, gathering)
    config.trail = asking.ask("GetTrail", lambda: client.get_trail(Name=name)).get("Trail", {})
    config.status = asking.ask("GetTrailStatus", lambda: client.get_trail_status(Name=name))
    selectors = asking.ask("GetEventSelectors", lambda: client.get_event_selectors(TrailName=name))
    # What is delivered late is signed with the key of that day, and not with the one of its hour.
    span = {"StartTime": period.start, "EndTime": gathering.instant}
    listed = asking.ask("ListPublicKeys", lambda: paged(client, "list_public_keys", "PublicKeyList", **span))
    for item in listed.get("PublicKeyList", ()):
        value = item["Value"] if isinstance(item["Value"], bytes) else base64.b64decode(item["Value"])
        if hashlib.md5(value, usedforsecurity=False).hexdigest() == item[FINGERPRINT]:
            config.keys[item[FINGERPRINT]] = value
    if not asking.faults:
        config.dark += [*_off(config, period), *_elsewhere(config, places, read_from), *_unselected(selectors)]
    tally = Tally("the trail's configuration", gathering.limits)
    for why in config.dark:
        tally.problem(f"blind: {why}")
    asking.card(
        asking.keep("probity.trail/v1", blind=config.dark),
        str(config.trail.get("TrailARN", "CloudTrail")),
        families if asking.faults else (),
        tally,
        blind=families if config.dark else (),
    )
    return config


def _off(config: TrailConfig, period: Period) -> Iterator[str]:
    status = config.status
    if not status.get("IsLogging"):
        yield "the trail is switched off"
    stopped, begun = status.get("StopLoggingTime"), status.get("StartLoggingTime")
    if isinstance(stopped, datetime) and period.start <= stopped < period.end:
        yield f"logging was stopped at {stopped:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(begun, datetime) and begun > period.start:
        yield f"logging began at {begun:%Y-%m-%dT%H:%M:%SZ}, after the period did"
    if error := status.get("LatestDeliveryError"):
        yield f"the trail could not deliver its latest log file ({str(error)[:100]})"
    if not config.trail.get("LogFileValidationEnabled"):
        yield "log file validation is off: nothing proves that its files are whole"


def _elsewhere(config: TrailConfig, places: Sequence[tuple[str, str]], read_from: tuple[str, str]) -> Iterator[str]:
    # What one trail is set to log says nothing of the files of another.
    delivers = str(config.trail.get("S3BucketName")), str(config.trail.get("S3KeyPrefix") or "").strip("/")
    if delivers != read_from:
        yield f"the trail delivers to s3://{'/'.join(filter(None, delivers))}, and not where its files are read"
    home, arn = config.trail.get("HomeRegion"), str(config.trail.get("TrailARN", "")).split(":")
    owner = arn[4] if len(arn) > 4 else None
    if (owner, home) not in places:
        yield f"changes of the trail are logged in {home} of account {owner}, whose logs are not read"
    if not config.trail.get("IsMultiRegionTrail"):
        for region in sorted({region for _, region in places}):
            if region != home:
                yield f"the trail logs {home} alone, and not {region}"


def _unselected(selectors: Mapping[str, Any]) -> Iterator[str]:
    advanced = selectors.get("AdvancedEventSelectors") or ()
    classic = selectors.get("EventSelectors") or ()
    if not (any(map(_logs_runtime, classic)) or any(_is_all(s, "Management") for s in advanced)):
        yield f"not all management events of {RUNTIME} are logged"
    if not any(_is_all(s, "Data", MANTLE_RESOURCE) for s in advanced):
        yield f"data events of {MANTLE} are not logged: inference there leaves no trace"


def _logs_runtime(selector: Mapping[str, Any]) -> bool:
    excluded = {str(name).lower() for name in selector.get("ExcludeManagementEventSources", ())}
    return bool(
        selector.get("IncludeManagementEvents", True)
        and selector.get("ReadWriteType", "All") == "All"
        and RUNTIME not in excluded
    )


def _is_all(selector: Mapping[str, Any], category: str, resource: str | None = None) -> bool:
    """Return whether an advanced selector takes every event of a category: nothing narrows it that hides Bedrock's."""
    fields = {f.get("Field"): f for f in selector.get("FieldSelectors", ())}
    if fields.pop("eventCategory", {}).get("Equals") != [category]:
        return False
    if resource is not None and resource not in (fields.pop("resources.type", {}).get("Equals") or ()):
        return False
    if category == "Management":
        source = fields.pop("eventSource", {})
        if source.get("Equals") or RUNTIME in (source.get("NotEquals") or ()) or set(source) - {"Field", "NotEquals"}:
            return False
    return not fields
