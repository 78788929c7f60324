"""The one signed fact: an in-toto Statement v1 that names the tag manifest and says what the audit found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, ValidationError, field_validator

from evidence.canonical import canonical_bytes, strict_json
from evidence.errors import BadSignature, LimitExceeded, ProbityError
from evidence.model import Closed, ContractRef, Instant, Period, Status, instant_text

STATEMENT_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Literal["https://probity.example/attestations/contract-audit/v1"] = (
    "https://probity.example/attestations/contract-audit/v1"
)
MAX_STATEMENT_BYTES = 4000  # signing services sign at most 4,096 bytes, of which the DSSE preamble takes some

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:+-]+$", max_length=100)]


def _absent(value: object) -> bool:
    return value is None


class Logged(Closed):
    """Where a run is logged: the ledger's name, the run's number among its contract's, the digest of its first leaf."""

    origin: Annotated[str, Field(pattern=r"^[^\s+]+$", max_length=200)]
    sequence: Annotated[StrictInt, Field(ge=1, le=2**53)]
    start: Sha256


class StatementFacts(Closed):
    """What the seal says of the audit: the in-toto predicate. Everything outside data/ derives from it.

    `previous` is the SHA-256 of the contract's statement before this one. It and `ledger` are absent, never null, where
    there is none: statements from before there was a ledger keep their bytes.
    """

    run: Token
    contract: ContractRef
    period: Period
    as_of: Instant
    status: Status
    findings_sha256: Sha256
    sealed_at: Instant
    tool: Token
    previous: Annotated[Sha256 | None, Field(exclude_if=_absent)] = None
    ledger: Annotated[Logged | None, Field(exclude_if=_absent)] = None

    @field_validator("contract")
    @classmethod
    def _one_line(cls, contract: ContractRef) -> ContractRef:
        # The id becomes a line of bag-info.txt, where a newline would start another field.
        if not contract.id.isprintable() or not 0 < len(contract.id) <= 200:
            raise ValueError("a contract id is one line of 1 to 200 printable characters")
        return contract


class _Digest(Closed):
    sha256: Sha256


class _Subject(Closed):
    name: Literal["tagmanifest-sha256.txt"] = "tagmanifest-sha256.txt"
    digest: _Digest


class Statement(Closed):
    """An in-toto Statement v1 (in-toto attestation framework, statement layer) with exactly one subject."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(default=STATEMENT_TYPE, alias="_type")
    subject: tuple[_Subject]
    predicate_type: Literal["https://probity.example/attestations/contract-audit/v1"] = Field(
        default=PREDICATE_TYPE, alias="predicateType"
    )
    predicate: StatementFacts

    @property
    def tag_manifest_sha256(self) -> str:
        """Return the digest the seal is about."""
        return self.subject[0].digest.sha256


def encode(facts: StatementFacts, tag_manifest_sha256: str) -> bytes:
    """Return the canonical statement bytes that are signed; LimitExceeded above `MAX_STATEMENT_BYTES`."""
    subject = _Subject(digest=_Digest(sha256=tag_manifest_sha256))
    data = canonical_bytes(Statement(subject=(subject,), predicate=facts).as_json())
    if len(data) > MAX_STATEMENT_BYTES:
        raise LimitExceeded(f"a statement of {len(data)} bytes exceeds the limit of {MAX_STATEMENT_BYTES}")
    return data


def parse(data: bytes) -> Statement:
    """Read a signed statement; BadSignature unless it is exactly what `encode` writes for the same facts."""
    value = strict_json(data, what="statement", error=_malformed)
    try:
        statement = Statement.model_validate(value)
    except ValidationError as cause:
        raise _malformed(f"statement: {_first(cause)}") from cause
    try:
        canonical = canonical_bytes(statement.as_json())
    except ProbityError as cause:
        raise _malformed(f"statement: {cause}") from cause
    if canonical != data:
        raise _malformed("statement: not in canonical form (RFC 8785)")
    return statement


def bag_info(facts: StatementFacts) -> bytes:
    """Return bag-info.txt (RFC 8493 section 2.2.2), derived from the signed facts and from nothing else."""
    period = f"{instant_text(facts.period.start)}/{instant_text(facts.period.end)}"
    lines = (
        f"Bag-Software-Agent: probity {facts.tool}",
        f"Bagging-Date: {instant_text(facts.sealed_at)[:10]}",
        f"External-Identifier: {facts.run}",
        f"External-Description: audit of contract {facts.contract.id} version {facts.contract.version} for {period}",
    )
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"


def _malformed(message: str) -> BadSignature:
    return BadSignature("STATEMENT_FORM", message)
