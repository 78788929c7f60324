"""What a replay gave beside what was sealed: per clause, which facts differ; the whole byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from evidence.canonical import canonical_bytes, sha256_hex
from evidence.manifest import EXPORTS, FINDINGS
from evidence.model import Closed, Finding, Reason, Status
from flows import sealed
from flows.export import carries
from flows.facts import Facts, facts_of
from flows.payload import commitments, plain
from flows.replay import Replayed
from flows.sealed import SealedAudit


class Verdict(Closed):
    """What was said of one clause."""

    status: Status
    reasons: tuple[Reason, ...]
    because: str


class Difference(Closed):
    """One fact that is not the same; None where one side does not state it."""

    fact: str
    sealed: str | None
    replayed: str | None


class Clause(Closed):
    """One clause beside itself. `method` says whether this version would classify with the sealed SQL."""

    commitment: str
    same: bool
    sealed: Verdict | None
    replayed: Verdict | None
    differences: tuple[Difference, ...] = ()
    method: Literal["same", "differs", "none"]


class Comparison(Closed):
    """The result of a replay, `probity.replay/v1`."""

    schema_: Literal["probity.replay/v1"] = Field(default="probity.replay/v1", alias="schema")
    same: bool
    status: dict[str, Status]
    findings_sha256: dict[str, str]
    tool: dict[str, str]
    engine: dict[str, str]
    clauses: tuple[Clause, ...]
    exports: dict[str, bool] = {}
    notes: tuple[str, ...] = ()


def compare(audit: SealedAudit, replayed: Replayed, tool: str, engine: str) -> Comparison:
    """Return the comparison. It is the same only if findings.json is, byte for byte, and so is every clause.

    Beside the findings, each clause's terms in commitments.json, the expectations' answers and the sealed exports are
    compared; the engine's own words are not, for they name versions and columns that differ between engines.
    """
    method = audit.method()
    data = canonical_bytes(replayed.result.as_json())
    clauses = tuple(_clauses(audit, replayed, tool))
    identical = data == audit.content.read(FINDINGS)
    exports = {
        member: carries(form, audit.data(member), audit.result) for form, member in EXPORTS.items() if audit.has(member)
    }
    notes = [f"{member} does not carry the sealed findings" for member, whole in exports.items() if not whole]
    if not identical and all(c.same for c in clauses):
        notes.append("findings.json is not, byte for byte, what this version writes for the same facts")
    if method.tool != tool:
        notes.append(f"sealed by {method.tool}, replayed by {tool}: what differs may be a change of the tool")
    if any(c.method == "differs" for c in clauses):
        notes.append("where the method differs, this version classifies with other SQL than the one sealed")
    return Comparison(
        same=identical and all(c.same for c in clauses) and all(exports.values()),
        status={"sealed": audit.result.status, "replayed": replayed.result.status},
        findings_sha256={"sealed": audit.content.digest(FINDINGS), "replayed": sha256_hex(data)},
        tool={"sealed": method.tool, "replayed": tool},
        engine={"sealed": method.engine, "replayed": engine},
        clauses=clauses,
        exports=exports,
        notes=tuple(notes),
    )


def _clauses(audit: SealedAudit, replayed: Replayed, tool: str) -> Iterator[Clause]:
    before = {f.commitment: f for f in audit.result.findings}
    after = {f.commitment: f for f in replayed.result.findings}
    answers_before = audit.json(sealed.EXPECTATIONS)
    answers_after = plain(replayed.judgement.expectations)
    terms_before = audit.json(sealed.COMMITMENTS)
    terms_after = commitments(replayed.basis.editions[-1].loaded.contract)
    stricter = audit.method().tool == tool
    for name in {**before, **after}:
        was = _facts(before.get(name), answers_before, terms_before, name)
        now = _facts(after.get(name), answers_after, terms_after, name)
        if not stricter:  # a default that a later version added was no term of the contract as read then
            now = {fact: value for fact, value in now.items() if fact in was or not fact.startswith("terms.")}
        differences = tuple(
            Difference(fact=fact, sealed=was.get(fact), replayed=now.get(fact))
            for fact in {**was, **now}
            if was.get(fact) != now.get(fact)
        )
        yield Clause(
            commitment=name,
            same=not differences,
            sealed=_verdict(before.get(name)),
            replayed=_verdict(after.get(name)),
            differences=differences,
            method=_method(audit, replayed, name),
        )


def _facts(finding: Finding | None, answers: Any, terms: Any, name: str) -> Facts:
    if finding is None:
        return {}
    given = answers.get(name) if isinstance(answers, Mapping) else None
    given = given.get("expectations") if isinstance(given, Mapping) else None
    asked = [a for a in given if isinstance(a, Mapping)] if isinstance(given, list) else []
    stated = {
        "expectations": {
            str(a.get("name")): {k: v for k, v in a.items() if k not in {"name", "detail"}} for a in asked
        },
        "terms": terms.get(name) if isinstance(terms, Mapping) else None,
    }
    return facts_of(finding) | facts_of(stated)


def _verdict(finding: Finding | None) -> Verdict | None:
    if finding is None:
        return None
    return Verdict(status=finding.status, reasons=finding.reasons, because=finding.because)


def _method(audit: SealedAudit, replayed: Replayed, name: str) -> Literal["same", "differs", "none"]:
    member = f"data/method/kernels/{name.replace('@', '-v')}.sql"
    written = replayed.judgement.sql.get(name)
    if written is None and not audit.has(member):
        return "none"
    same = written is not None and audit.has(member) and audit.text(member) == written.encode()
    return "same" if same else "differs"
