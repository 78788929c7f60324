"""The record of a run that is being sealed: all that is certain of it, and what an interruption must not change."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import Field

from evidence.model import Closed, ContractRef, Instant, Period, Status
from evidence.sealing import Draft
from evidence.statement import Sha256, StatementFacts, Token

_Text = Annotated[str, Field(min_length=1)]


class KeptPart(Closed):
    """Content of the bundle: its file, relative to the work folder, and its digest."""

    file: _Text
    sha256: Sha256


class KeptStart(Closed):
    """The run's first leaf and its proof, as the bundle will carry them."""

    leaf: _Text
    proof: _Text


class Record(Closed):
    """All that is certain of a run before it is sealed; `keys` says what it is to be sealed with.

    `certified` names the members of the payload that have a seal of their own by now.
    """

    schema_: Literal["probity.sealing/v1"] = Field(default="probity.sealing/v1", alias="schema")
    run: Token
    bundle: Annotated[str, Field(pattern=r"^audit-[^/]+\.zip$")]
    contract: ContractRef
    period: Period
    as_of: Instant
    status: Status
    findings_sha256: Sha256
    tool: Token
    keys: _Text
    start: KeptStart | None = None
    payload: dict[str, KeptPart] = {}
    certified: tuple[str, ...] = ()
    disclosures: KeptPart | None = None


class KeptSeals(Closed):
    """A draft of the bundle: what was signed and stamped before the ledger committed to it; bytes in base64."""

    facts: StatementFacts
    tag_manifest: str
    files: dict[str, str]

    @classmethod
    def of(cls, draft: Draft) -> KeptSeals:
        """Return a draft as it is kept."""
        files = {name: base64.b64encode(data).decode() for name, data in draft.files.items()}
        return cls(facts=draft.facts, tag_manifest=base64.b64encode(draft.tag_manifest).decode(), files=files)

    def draft(self) -> Draft:
        """Return the draft."""
        files = {name: base64.b64decode(text, validate=True) for name, text in self.files.items()}
        return Draft(self.facts, base64.b64decode(self.tag_manifest, validate=True), files)
