"""Say in words what a commitment requires, what would prove it and what each status would take."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from checks.codes import Code
from checks.commitment import Commitment
from checks.contract import Contract
from checks.problems import near
from checks.unchecked import UncheckedCommitment
from evidence.errors import BadInput, Place, Problem
from evidence.families import all_families
from evidence.model import Assurance

WIDTH = 100

WORTH = {
    Assurance.CLAIMED: "a public page says so",
    Assurance.ATTESTED: "the vendor's signed or contractual word",
    Assurance.AUDITED: "an independent third party examined it",
    Assurance.CORROBORATED: "our own records agree",
    Assurance.OBSERVED: "our own active test saw it",
    Assurance.INDEPENDENT: "an auditor independent of both sides established it",
}

STATUSES = (
    ("met", "complete, valid evidence for the whole period and every system in scope, and no violation in it"),
    ("breached", "one proven violation; one is enough, even when other evidence is missing"),
    ("unproven", "anything less: evidence absent, incomplete, unreadable, too weak, contradicted or not yet due"),
    ("not_exercised", "the promise waits for an event, and evidence says that none occurred"),
    ("not_in_force", "no day of the period lies inside the clause's days and the contract's term"),
)

UNCHECKED_STATUSES = (
    ("unproven", "always, with the reason no_check, for as long as no check for this kind is installed"),
    STATUSES[4],
)


def explain(contract: Contract, name: str) -> str:
    """Return the explanation of one commitment of a contract; raises `BadInput` when it has none of that name."""
    commitment = contract.commitments.get(name)
    if commitment is None:
        known = list(contract.commitments)
        hint = near(name, known) or f"commitments: {', '.join(known)}"
        message = f"the contract {contract.id} has no commitment '{name}'"
        raise BadInput(Problem(Code.NOT_ONE_OF, message, Place("command line"), hint))
    return _page(f"{name}: {commitment.title}", [*_clause(contract, commitment), *_about(type(commitment), commitment)])


def explain_kind(kind: str, declared: type[Commitment]) -> str:
    """Return the explanation of a kind of commitment, with the terms a contract must or may state."""
    return _page(f"{kind}: {declared.title}", [("Terms", _terms(declared)), *_about(declared, None)])


def _clause(contract: Contract, commitment: Commitment) -> Iterator[tuple[str, list[str]]]:
    document = contract.documents.get(commitment.clause.split()[0]) if commitment.clause.split() else None
    yield "Clause", [commitment.clause + (f" ({document.title})" if document else "")]
    if commitment.quote:
        yield "Quotation", [f'"{commitment.quote}"']
    yield "Severity", [commitment.severity.value]
    first, last = contract.term.start, contract.term.end
    if commitment.in_force is not None:
        first, last = max(first, commitment.in_force.start), min(last, commitment.in_force.end)
    yield "In force", [f"{first} to {last}, both days included"]
    yield "Promise", [commitment.promise()]


def _about(declared: type[Commitment], commitment: Commitment | None) -> Iterator[tuple[str, list[str]]]:
    yield "Required", [declared.explanation]
    if commitment is not None:
        yield "Test", [f"{commitment.test()}."]
    yield "Evidence", _evidence(declared)
    yield "Worth", _worth(commitment)
    unchecked = issubclass(declared, UncheckedCommitment)
    yield "Status", [f"{status}: {takes}" for status, takes in (UNCHECKED_STATUSES if unchecked else STATUSES)]
    yield "On breach", [f"{declared.remedy.text} ({declared.remedy.origin.lower()})"]
    if declared.regulations:
        yield "Serves", [f"{'; '.join(declared.regulations)} (for orientation, not legal advice)"]


def _terms(declared: type[Commitment]) -> list[str]:
    if issubclass(declared, UncheckedCommitment):
        return ["any: they are kept as written and judged by nobody"]
    own = {n: f for n, f in declared.model_fields.items() if n not in Commitment.model_fields}
    return [f"{n} ({'required' if f.is_required() else 'optional'}): {f.description or ''}" for n, f in own.items()]


def _evidence(declared: type[Commitment]) -> list[str]:
    families = all_families()
    lines = []
    for need in declared.needs:
        about = families[need.family].about if need.family in families else "a record family that is not installed"
        lines.append(f"{need.family} ({'needed' if need.required else 'helps'}): {about}")
    return lines or ["none is read"]


def _worth(commitment: Commitment | None) -> list[str]:
    ladder = [f"{level.value}: {meaning}" for level, meaning in WORTH.items()]
    said = "What evidence is worth depends on its source; a status is worth its weakest link. Weakest first:"
    least = commitment.minimum_assurance if commitment else None
    demand = [f"The contract demands at least {least.value}; below it the clause is unproven."] if least else []
    return [said, *ladder, *demand]


def _page(headline: str, sections: list[tuple[str, list[str]]]) -> str:
    lines = [headline, "=" * len(headline)]
    for title, paragraphs in sections:
        lines += ["", title]
        hanging = "  " if len(paragraphs) == 1 else "    "
        for paragraph in paragraphs:
            lines += textwrap.wrap(paragraph, WIDTH, initial_indent="  ", subsequent_indent=hanging)
    return "\n".join(lines) + "\n"
