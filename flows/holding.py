"""Legal hold: evidence that an open case rests on is neither removed nor redacted by any verb, until the case closes.

What holds is the log of the case, so that opening, linking and closing are the record of it. Artefacts in the locker
are never removed by the product at all; bundles in S3 are under Object Lock besides. What is not prevented: somebody
who deletes files or objects with other means.
"""

from __future__ import annotations

import filecmp
from pathlib import Path

from checks.cases.entry import Exhibited
from evidence.errors import UnderHold
from flows.cases import cases
from flows.engagement import Engagement
from infra.store import FolderStore


def held(engagement: Engagement) -> dict[Exhibited, tuple[str, ...]]:
    """Return what is held, each with the open cases that hold it."""
    found: dict[Exhibited, tuple[str, ...]] = {}
    for case in cases(engagement):
        for each in case.evidence if case.closed is None else ():
            found[each] = (*found.get(each, ()), case.id)
    return found


def refuse_held(engagement: Engagement, kind: str, name: str) -> None:
    """Raise `UnderHold` (exit code 4) when evidence of this kind and name is held by an open case."""
    for each, names in held(engagement).items():
        if (each.kind, each.name) == (kind, name):
            raise _held(kind, name, names)


def refuse_held_bundle(engagement: Engagement, bundle: Path) -> None:
    """Raise `UnderHold` when an open case holds a bundle, by its file name or its bytes under another name."""
    for each, names in held(engagement).items():
        if each.kind == "bundle" and (each.name == bundle.name or _same(engagement, each.name, bundle)):
            raise _held("bundle", each.name, names)


def _same(engagement: Engagement, name: str, bundle: Path) -> bool:
    if not isinstance(engagement.store, FolderStore):
        return False
    stored = Path(engagement.store.path) / name
    return stored.is_file() and bundle.is_file() and filecmp.cmp(stored, bundle, shallow=False)


def _held(kind: str, name: str, names: tuple[str, ...]) -> UnderHold:
    todo = "close the case first, or have counsel decide"
    return UnderHold("LEGAL_HOLD", f"{kind} {name} is under legal hold by {', '.join(names)}: {todo}")
