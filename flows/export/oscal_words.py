"""The words of OSCAL for ours: tokens, properties, and the state of an objective with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from evidence.model import Finding, Status
from flows.export.complete import KEPT, ExportIncomplete
from flows.export.subject import NAMESPACE
from flows.export.text import escaped, prose, unescaped
from flows.facts import Facts

OSCAL_NAMES = f"{NAMESPACE}/oscal"
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_INDEXED = re.compile(r"([a-z]+)\.([0-9]+)(\.[a-z]+)?")
_REASONS = {Status.MET: "pass", Status.BREACHED: "fail"}


def token(text: str) -> str:
    """Return text that is an OSCAL token; ExportIncomplete when it is none."""
    if not _TOKEN.fullmatch(text):
        raise ExportIncomplete(f"oscal: {text!r} cannot be a token")
    return text


def control_ids(findings: Iterable[Finding]) -> list[str]:
    """Return the controls in the order of the findings; a clause of an earlier edition, `NAME@2`, is `NAME.v2`.

    Where another clause is called so already, it gets a line behind it: no audit fails for the names of its clauses.
    """
    names: list[str] = []
    for finding in findings:
        name = token(finding.commitment.replace("@", ".v"))
        while name in names:
            name += "_"
        names.append(name)
    return names


def objective(control: str) -> str:
    """Return the id of a control's only objective."""
    return f"{control}_obj"


def properties(facts: Mapping[str, str]) -> list[dict[str, str]]:
    """Return facts as properties; those of a list share the group of their place, such as `coverage.0`."""
    return [_property(path, text) for path, text in facts.items()]


def _property(path: str, text: str) -> dict[str, str]:
    match = _INDEXED.fullmatch(path)
    name = f"{match[1]}{match[3] or ''}" if match else path
    written = {"name": token(name), "ns": OSCAL_NAMES, "value": escaped(text)}
    return written | ({"group": f"{match[1]}.{match[2]}"} if match else {})


def stated(written: Sequence[Mapping[str, str]]) -> Facts:
    """Return the facts that properties state."""
    facts: Facts = {}
    for one in written:
        name, group = one["name"], one.get("group")
        path = name if group is None else group + name.removeprefix(group.partition(".")[0])
        facts[path] = unescaped(one["value"])
    return facts


def target_status(finding: Finding) -> dict[str, str]:
    """Return state and reason: `satisfied` only for what was kept, and `pass` only for what is met.

    OSCAL knows two states. Unproven is not satisfied, for the reasons it has; what was not called for, or not in force,
    is satisfied for that reason and never `pass`.
    """
    reason = _REASONS.get(finding.status) or ".".join(finding.reasons) or finding.status.value
    return {
        "state": "satisfied" if finding.status in KEPT else "not-satisfied",
        "reason": token(reason),
        "remarks": prose(finding.status.value.replace("_", " ")),
    }
