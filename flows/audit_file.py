"""`audit.yaml`: where evidence comes from, who signs and where bundles go; operations' file, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError, create_model, model_validator

from checks.codes import Code
from checks.problems import located, refuse
from checks.schema import published as published_schema
from checks.yaml12 import Document, read_yaml
from evidence.errors import BadInput, Place, Problem
from evidence.minimisation.kinds import Kind, recognise
from evidence.model import Closed, Instant
from flows import engines
from flows.breach_file import BreachSettings
from flows.engines import DEFAULT, Choice
from flows.ledger_file import LedgerPlace
from flows.notify_file import Notify, notify_model, stands_open, stays
from flows.personal_data import PersonalData
from flows.schedule_file import Schedules
from flows.sealing_file import Keys, Timestamps
from infra.source import Source
from infra.sources import discover
from infra.store import FolderStore
from infra.store_s3 import S3Store

#: Looks a `${VAR}` up; None when it is not set.
Lookup: TypeAlias = Callable[[str], str | None]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: An AWS account, as key ARNs and names of buckets have it.
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")

PERIOD = r"^[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]))?$"

HOST = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"


def _year(written: Any) -> Any:
    """Return a year as text: without quotes it is a whole number in YAML."""
    return str(written) if isinstance(written, int) and not isinstance(written, bool) else written


class AuditFile(Closed):
    """Everything an audit file says; paths are relative to the engagement's folder."""

    probity: Literal["audit/v1"] = Field(description="the format of this file: audit/v1")
    contract: str = Field(default="contract.yaml", min_length=1, description="the edition of the contract in force")
    earlier: tuple[str, ...] = Field(default=(), description="earlier editions, oldest first")
    waivers: str = Field(default="waivers.yaml", min_length=1, description="accepted exceptions, if the file exists")
    sources: tuple[Source, ...] = Field(min_length=1, description="where evidence comes from")
    egress: frozenset[Annotated[str, Field(pattern=HOST)]] | None = Field(
        default=None, description="the only hosts that evidence may be fetched from; by default each vendor's own"
    )
    evidence_regions: frozenset[str] | None = Field(
        default=None, description="the only cloud regions whose buckets evidence may be fetched from; by default any"
    )
    engine: Choice = Field(default=DEFAULT, description="what judges: duckdb in this process, or spark")
    signer: Keys
    timestamp: Timestamps = Field(
        default=(), description="time-stamping authorities; without one nobody confirms the time"
    )
    ledger: LedgerPlace | None = Field(
        default=None, description="where runs are logged; `ledger` beside this file when the keys have one for it"
    )
    store: Annotated[FolderStore | S3Store, Field(discriminator="kind")]
    notify: Notify | None = Field(default=None, description="channels of alerts, reminders and notices")
    personal: PersonalData = Field(default=PersonalData(), description="what becomes of personal values")
    period: Annotated[str, BeforeValidator(_year), Field(pattern=PERIOD)] | None = Field(
        default=None, description="what is audited when no period is asked for: 2025-06, 2025-Q2 or 2025"
    )
    breach: BreachSettings | None = Field(default=None, description="breach cases that audits open, and their notices")
    schedules: Schedules | None = Field(default=None, description="when audits run by themselves, and where")
    as_of: Instant | None = Field(default=None, description="fixes the instant of judgement, so that results repeat")

    @model_validator(mode="after")
    def _present(self) -> Self:
        if self.schedules is not None and self.as_of is not None:
            raise ValueError("schedules audit what is known by then: take as_of away, which fixes the instant")
        return self


def load_audit_file(path: Path, variable: Lookup) -> tuple[AuditFile, dict[str, Any]]:
    """Return the audit file, and what of it may be published: its values before `${VAR}` was replaced.

    Raises `BadInput` with every problem found.
    """
    try:
        raw = path.read_bytes()
    except OSError as cause:
        missing = isinstance(cause, FileNotFoundError)
        why = "there is no such file" if missing else (cause.strerror or "cannot be read")
        hint = "`probity init DIR` writes one to start from"
        raise BadInput(Problem(Code.UNREADABLE, why, Place(str(path)), hint)) from None
    document = read_yaml(raw, str(path))
    problems: list[Problem] = list(document.problems)
    filled = _fill(document.data, (), document, variable, problems)
    model = _model()
    try:
        loaded = model.model_validate_json(json.dumps(filled), by_alias=True)
    except ValidationError as error:
        problems += located(error, document, model)
        refuse(problems)
        raise BadInput(*problems) from None
    refuse(problems)
    return loaded, _published(json.loads(json.dumps(document.data)))


def _published(written: dict[str, Any]) -> dict[str, Any]:
    """Return the file as a bundle carries it: without secrets, machines, cloud accounts, and whom we tell of what."""
    published: dict[str, Any] = publishable({k: v for k, v in written.items() if k not in {"breach", "notify"}})
    if "engine" in published:
        published["engine"] = engines.publishable(published["engine"])
    if published.get("store", {}).get("kind") == "s3":
        published["store"] = {k: v for k, v in published["store"].items() if k in {"kind", "region", "retain"}}
    for section in ("signer", "ledger"):
        if section in published:
            published[section] = json.loads(_ACCOUNT.sub("account", json.dumps(published[section])))
    return published


def publishable(value: Any) -> Any:
    """Return what was written without secrets and persons, and with absolute paths cut to their last part.

    A bundle names no place on this machine: a PKCS#11 URI loses its query, which has a module's path and a PIN.
    """
    if isinstance(value, dict):
        return {k: "given" if k == "passphrase" else publishable(v) for k, v in value.items()}
    if isinstance(value, list):
        return [publishable(v) for v in value]
    if isinstance(value, str) and value.startswith("pkcs11:"):
        return value.partition("?")[0]
    if isinstance(value, str) and any(kind is not Kind.IP for kind, _ in recognise(value)):
        return "given"
    absolute = isinstance(value, str) and PurePath(value).is_absolute()
    return PurePath(value).name if absolute else value


def audit_file_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an audit file over the sources installed."""
    return published_schema(_model().model_json_schema(by_alias=True), "Probity audit file (audit/v1)")


def _model() -> type[AuditFile]:
    kinds = list(discover().values())
    union: Any = reduce(or_, kinds)
    told_apart: Any = Annotated[union, Field(discriminator="kind")] if len(kinds) > 1 else union
    field: Any = (tuple[told_apart, ...], Field(min_length=1))
    notify: Any = (notify_model() | None, None)
    return create_model("AuditFile", __base__=AuditFile, sources=field, notify=notify)


def _fill(
    value: Any, path: tuple[str | int, ...], document: Document, variable: Lookup, problems: list[Problem]
) -> Any:
    """Replace every `${VAR}`; one that is not set is a problem at its place, never an empty text.

    Secrets of channels stay as they are written, for only whoever delivers messages has them; one that stands in the
    file itself is a problem that does not repeat it.
    """
    if isinstance(value, Mapping):
        return {k: _fill(v, (*path, k), document, variable, problems) for k, v in value.items()}
    if isinstance(value, list):
        return [_fill(v, (*path, i), document, variable, problems) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    if stays(path, document.data):
        if not stands_open(path, document.data, value):
            return value
        place, hint = (
            replace(document.place(path), text=""),
            "write ${VARIABLE} here, and set it elsewhere",
        )
        problems.append(Problem(Code.MALFORMED, "a secret stands in the file", place, hint))
        return "${HIDDEN}"
    problems.extend(
        Problem(Code.MALFORMED, f"the environment has no variable {name}", document.place(path))
        for name in _VARIABLE.findall(value)
        if variable(name) is None
    )
    return _VARIABLE.sub(lambda m: variable(m[1]) or "unset", value)


def parse_instant(text: str, what: str) -> datetime:
    """Return an RFC 3339 instant with an offset, in UTC; raises `BadInput` naming the option it came from."""
    try:
        value = datetime.fromisoformat(text)
        if value.tzinfo is not None:
            return value.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    hint = "write it with an offset, such as 2025-07-01T00:00:00Z"
    raise BadInput(Problem(Code.MALFORMED, f"{text!r} is not an instant", Place(what), hint))
