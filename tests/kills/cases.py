"""Kills whoever works on breach cases, again and again, and holds what is left against what was acknowledged.

`python -m tests.kills.cases --kills 100` prints what it found as JSON. A worker takes case after case from its opening
to its notice in the outbox, and says each step once it is done. It is killed at a random instant and started again,
and goes on from what the log says. In the end: no log is damaged, every acknowledged step is there, no step is there
twice, every notice was put once, and every notice that left had been approved by another person, in exactly its text.
"""

from __future__ import annotations

import argparse
import json
import random
import select
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
TO = ("legal@vendor.example",)
CHANNELS = """\
notify:
  channels:
    - {kind: smtp, name: mail, host: mail.invalid, from: alerts@acme.example, to: [soc@acme.example]}
period:"""


def make(folder: Path) -> Path:
    """Write an engagement that can send notices."""
    from tests.cli.engagements import edit, trail, unjudged  # noqa: PLC0415 - the worker needs none of it

    made = unjudged(trail(folder))
    edit(made / "audit.yaml", "period:", CHANNELS)
    return made


def work(folder: Path) -> None:
    """Take one case after the other through all steps, and say each `CASE STEP` once it is done."""
    from flows.cases import AUTOMATIC, cases, open_or_join  # noqa: PLC0415 - the one who kills needs none of it
    from flows.engagement import open_engagement  # noqa: PLC0415
    from tests.checks.cases.story import sighting  # noqa: PLC0415

    engagement = open_engagement(folder, lambda _: None)
    known = cases(engagement)
    number = len(known) if known and known[-1].told != {"contract-breach"} else len(known) + 1
    while True:
        origin = sighting(f"audit-{number}#RET", key=f"finding/msa/{number}")
        name = open_or_join(engagement, origin, NOW, AUTOMATIC)
        print(name, "opened", flush=True)
        while (done := _next(folder, name)) is not None:
            print(name, done, flush=True)
        number += 1


def _next(folder: Path, name: str) -> str | None:
    """Do the next step of a case, as its log has it; None when there is none left."""
    from checks.cases.entry import Approved, Reviewed, Triage  # noqa: PLC0415
    from flows import notices  # noqa: PLC0415
    from flows.cases import case, record  # noqa: PLC0415
    from flows.engagement import open_engagement  # noqa: PLC0415
    from tests.checks.cases.story import classified  # noqa: PLC0415

    engagement = open_engagement(folder, lambda _: None)
    found = case(engagement, name)
    if found.taken_up is None:
        record(engagement, name, Triage(), NOW, "Ann")
        return "triage"
    if found.decision is None:
        record(engagement, name, classified(), NOW, "Ann")
        return "classified"
    if not found.notices:
        template = notices.template_of(engagement, "contract-breach")
        whom = notices.Addressee("mail", TO)
        record(engagement, name, notices.drafted(engagement, found, template, NOW, addressee=whom), NOW, "Ann")
        return "drafted"
    notice = found.notices["N-1"]
    if notice.reviewed is None:
        record(engagement, name, Reviewed(notice="N-1", sha256=notice.sha256), NOW, "Bob")
        return "reviewed"
    if notice.approved is None:
        record(engagement, name, Approved(notice="N-1", sha256=notice.sha256), NOW, "Bob")
        return "approved"
    if notice.sent is None:
        notices.put_into_outbox(engagement, name, "N-1", channel="mail", to=TO, now=NOW, who="Ann")
        return "sent"
    return None


def campaign(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill the worker so often, and return what is left; AssertionError where anything is lost, doubled or bypassed."""
    chance = random.Random(seed)
    acknowledged: set[tuple[str, str]] = set()
    for _ in range(kills):
        acknowledged |= _killed(folder, chance.uniform(0.0, 0.4), chance.randint(1, 12))
    return _held(folder, acknowledged) | {"kills": kills, "acknowledged": len(acknowledged)}


def _killed(folder: Path, after: float, steps: int) -> set[tuple[str, str]]:
    words = [sys.executable, "-m", "tests.kills.cases", "--work", str(folder)]
    heard: list[str] = []
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        heard += [worker.stdout.readline() for _ in range(steps)]
        select.select([], [], [], after)
        worker.send_signal(signal.SIGKILL)
        heard += worker.stdout.readlines()
    return _steps(heard)


def _steps(lines: list[str]) -> set[tuple[str, str]]:
    found = [line.split() for line in lines if line.endswith("\n")]
    return {(case, step) for case, step in found}


def _held(folder: Path, acknowledged: set[tuple[str, str]]) -> dict[str, int]:
    from flows.cases import cases, history  # noqa: PLC0415
    from flows.engagement import open_engagement  # noqa: PLC0415
    from infra.notify.outbox import Outbox  # noqa: PLC0415

    engagement = open_engagement(folder, lambda _: None)
    found = cases(engagement)  # every log verifies and folds
    there = Counter((c.id, line.entry["kind"]) for c in found for line in history(engagement, c.id))
    lost = [step for step in acknowledged if not there[step]]
    doubled = [step for step, count in there.items() if count > 1]
    put = (
        Counter(entry.key for entry in Outbox(engagement.outbox).entries()) if engagement.outbox.exists() else Counter()
    )
    sent = {f"{c.id}/N-1/{c.notices['N-1'].sha256}": c for c in found if "contract-breach" in c.told}
    assert (lost, doubled) == ([], [])
    assert set(sent) <= set(put)
    assert len(set(put) - set(sent)) <= 1, "only the notice of the last kill may be put and not yet recorded"
    assert all(count == 1 for count in put.values())
    for key in put:
        case, notice, digest = key.split("/")
        kept = next(c for c in found if c.id == case).notices[notice]
        assert kept.approved is not None
        assert (kept.sha256, kept.approved.who, kept.drafted.who) == (digest, "Bob", "Ann")
    return {"cases": len(found), "lines": sum(there.values()), "put": len(put)}


def main() -> None:
    """Run the campaign, or the worker that it kills."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--work", type=Path)
    given = asked.parse_args()
    if given.work is not None:
        work(given.work)
    with tempfile.TemporaryDirectory(prefix="probity-") as folder:
        print(json.dumps(campaign(make(Path(folder) / "e"), given.kills, given.seed)))


if __name__ == "__main__":
    main()
