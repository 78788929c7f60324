"""The contract of the interface page, with the shortened digest written out, and ways to load variants of it."""

from __future__ import annotations

from checks.contract import LoadedContract, parse_contract
from evidence.errors import BadInput, Problem

EXAMPLE = """\
# yaml-language-server: $schema=probity-contract.schema.json
probity: contract/v1
id: msa-2025-114
version: 3
customer: {name: Acme Bank SE, lei: 5493001KJTIIGC8Y1R12}
vendor: {name: Example AI, PBC}
services: [api]
term: {from: 2025-11-01, to: 2028-10-31}
documents:
  DPA: {title: Data Processing Addendum v3, file: docs/dpa.pdf, sha256: DIGEST}
commitments:
  RET-24H:
    kind: data-retention-limit          # a name of ../reference/commitments.md
    clause: DPA §4.2 p.7
    quote: shall delete Inputs and Outputs within twenty-four (24) hours
    severity: critical                  # critical | major | minor
    max_age: 24h
    content: [prompt, output]
    systems: [inference-log, safety-log, app-trace, prompt-cache, backup]
    unless: debug-hold                  # a consent purpose
  RES-EU:
    kind: data-residency
    clause: DPA §7.1 p.10
    severity: critical
    allowed: EU                         # EU | EEA | list of ISO country codes
    activities: [process, store, backup, replicate, log, support_access, key]
""".replace("DIGEST", "1b52" * 16)


def varied(old: str, new: str) -> str:
    """Return the example with one text replaced; the text must be there."""
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new, 1)


def load(text: str) -> LoadedContract:
    """Load a contract from text."""
    return parse_contract(text.encode(), "contract.yaml")


def problems(text: str) -> list[Problem]:
    """Return what is wrong with a contract, warnings included."""
    try:
        return list(load(text).problems)
    except BadInput as error:
        return list(error.problems)


def only(text: str, code: str) -> Problem:
    """Return the one problem with this code."""
    found = [p for p in problems(text) if p.code == code]
    assert len(found) == 1, problems(text)
    return found[0]


def spot(problem: Problem) -> tuple[int | None, int | None]:
    """Return line and column."""
    return problem.place.line, problem.place.column
