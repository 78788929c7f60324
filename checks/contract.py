"""`contract.yaml`: what was promised, typed by the kind of each clause and frozen; every mistake reported at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    WrapSerializer,
    create_model,
)

from checks.codes import Code
from checks.commitment import Commitment, InForce
from checks.commitments import discover
from checks.cross_checks import cross_check
from checks.parties import rejoin_party_names
from checks.problems import in_order, listed, located, missing, near, nearest, refuse, shown
from checks.unchecked import UncheckedCommitment, catalogue
from checks.yaml12 import Document, read_yaml
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed, ContractRef

V = TypeVar("V")

NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9._-]{0,63}$"

Text = Annotated[str, StringConstraints(pattern=r"\S")]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


def _thaw(value: Mapping[str, Any], handler: SerializerFunctionWrapHandler) -> Any:
    return handler(dict(value))


def _inside(path: str) -> str:
    if path.startswith("/") or "\\" in path or ":" in path or {"", ".", ".."} & set(path.split("/")):
        raise ValueError(f"'{path}' is not a path inside the engagement's folder")
    return path


#: A mapping that cannot be changed after validation; in file order.
Frozen = Annotated[Mapping[Name, V], AfterValidator(MappingProxyType), WrapSerializer(_thaw)]


class Party(Closed):
    """A company that signed the contract, by its legal name."""

    name: Text = Field(description="the legal name; a name with a comma goes in quotes")
    lei: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{18}[0-9]{2}$")] | None = Field(
        default=None, description="Legal Entity Identifier (ISO 17442), 20 characters"
    )


class Term(InForce):
    """The days for which the contract was made, both inclusive."""


class ContractDocument(Closed):
    """A signed paper that clauses are quoted from."""

    title: Text = Field(description="the document's title and edition")
    file: Annotated[str, AfterValidator(_inside)] | None = Field(
        default=None, description="path inside the engagement's folder, with forward slashes"
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="the file's SHA-256 in full: 64 hexadecimal digits in lower case, not shortened"
    )


class Contract(Closed):
    """Everything a contract file says. `commitments` keeps the order of the file."""

    probity: Literal["contract/v1"] = Field(description="the format of this file: contract/v1")
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")] = Field(
        description="lower-case letters, digits and dashes, at most 63; it becomes part of file names"
    )
    version: int = Field(ge=1, description="which edition of the contract this is: 1, 2, 3 …")
    customer: Party
    vendor: Party
    services: tuple[Text, ...] = Field(min_length=1, description="the vendor's services that the contract is about")
    term: Term = Field(description="first and last day: {from: YYYY-MM-DD, to: YYYY-MM-DD}")
    documents: Frozen[ContractDocument] = Field(
        default_factory=lambda: MappingProxyType[str, ContractDocument]({}),
        description="the signed papers, by short name",
    )
    consent_offices: tuple[Text, ...] = Field(
        default=(), description="who may grant the consents that clauses speak of"
    )
    commitments: Frozen[Commitment] = Field(min_length=1, description="the clauses, each under a name of its own")


@dataclass(frozen=True)
class LoadedContract:
    """A valid contract with the exact bytes it was read from; `problems` are warnings only."""

    contract: Contract
    sha256: str
    raw: bytes
    problems: tuple[Problem, ...] = ()

    @property
    def reference(self) -> ContractRef:
        """Return how results name this contract."""
        return ContractRef(id=self.contract.id, version=self.contract.version, sha256=self.sha256)


def load_contract(path: Path, kinds: Mapping[str, type[Commitment]] | None = None) -> LoadedContract:
    """Return the contract in a file, judged by `kinds` (default: every kind of this package).

    Raises `BadInput` with every problem found, in the order of the file.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else (error.strerror or "cannot be read")
        hint = "`probity init DIR` writes a contract to start from"
        raise BadInput(Problem(Code.UNREADABLE, why, Place(str(path)), hint)) from None
    return parse_contract(raw, str(path), kinds)


def parse_contract(raw: bytes, file: str, kinds: Mapping[str, type[Commitment]] | None = None) -> LoadedContract:
    """Return the contract in these bytes; `file` is the name shown in messages. Raises `BadInput`."""
    known = discover() if kinds is None else kinds
    document, joined = rejoin_party_names(read_yaml(raw, file))
    problems = [*document.problems, *joined, *cross_check(document, known)]
    document, wrong_kinds = _with_kinds_repaired(document, known)
    problems += wrong_kinds
    model = contract_model(known)
    try:
        contract = model.model_validate_json(json.dumps(document.data), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise BadInput(*in_order([*problems, *located(error, document, model)])) from None
    return LoadedContract(contract, hashlib.sha256(raw).hexdigest(), raw, refuse(problems))


def contract_model(kinds: Mapping[str, type[Commitment]]) -> type[Contract]:
    """Return the contract model whose clauses are a union over these kinds, told apart by `kind`."""
    return _model(tuple(kinds.items()))


@cache
def _model(kinds: tuple[tuple[str, type[Commitment]], ...]) -> type[Contract]:
    members: list[Any] = [declared for _, declared in kinds]
    if names := unchecked_kinds(dict(kinds)):
        literal: Any = Literal[names]
        members.append(create_model("Unchecked", __base__=UncheckedCommitment, kind=(literal, ...)))
    union: Any = reduce(or_, members)
    told_apart: Any = Annotated[union, Field(discriminator="kind")] if len(members) > 1 else union
    clauses: Any = Frozen[told_apart]
    about = Contract.model_fields["commitments"].description
    return create_model("Contract", __base__=Contract, commitments=(clauses, Field(min_length=1, description=about)))


def unchecked_kinds(kinds: Mapping[str, type[Commitment]]) -> tuple[str, ...]:
    """Return the kinds of the catalogue that none of `kinds` checks."""
    return tuple(name for name in catalogue() if name not in kinds)


def _with_kinds_repaired(
    document: Document, kinds: Mapping[str, type[Commitment]]
) -> tuple[Document, tuple[Problem, ...]]:
    """Return the document with each wrong kind replaced by the one that was probably meant, and a problem for each.

    A clause of an unknown kind is thus still judged by the rest of its terms, and the file is refused all the same.
    """
    clauses = document.data.get("commitments")
    if not isinstance(clauses, dict):
        return document, ()
    repaired: dict[str, object] = {}
    problems = []
    for name, clause in clauses.items():
        written = clause.get("kind") if isinstance(clause, dict) else None
        repaired[name] = clause
        if isinstance(clause, dict) and written not in [*kinds, *catalogue()]:
            problems.append(_kind_problem(document, name, clause, kinds))
            meant = nearest(written, kinds) or nearest(written, catalogue()) or next(iter(unchecked_kinds(kinds)), "")
            repaired[name] = {**clause, "kind": meant}
    return replace(document, data={**document.data, "commitments": repaired}), tuple(problems)


def _kind_problem(
    document: Document, name: str, clause: Mapping[str, object], kinds: Mapping[str, type[Commitment]]
) -> Problem:
    path = ("commitments", name)
    checked = listed(list(kinds))
    if "kind" not in clause:
        return missing(document, path, "kind", f"kinds that are checked: {checked}")
    written = clause["kind"]
    message = f"{shown(written)} is not one of {checked} or any other kind of the catalogue"
    hint = near(written, kinds) or near(written, catalogue())
    return Problem(Code.NOT_ONE_OF, message, document.place((*path, "kind")), hint)
