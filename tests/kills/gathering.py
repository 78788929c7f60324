"""Gatherings are killed at random and resumed: locker and tables must end as those of a run that nobody disturbed.

Usage: python -m tests.kills.gathering [--random N] [--seed N]

The sources are vendors' APIs, a trail in a bucket and folders. Each gathering is killed by SIGKILL soon after the
locker has a number of objects that was drawn, some again while they are resumed, and then run to their end. Clock and
salt stand still, so that everything can be compared: every object of the locker, every row, every card. Prints what
happened as JSON and ends with 1 at the first difference.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from evidence.keys import make_keys
from flows import pipeline
from flows.wiring import Request, prepare
from tests.cli.engagements import RESIDENCY, call
from tests.infra.anthropic_server import ORG
from tests.infra.digest_chain import ACCOUNT, BUCKET, REGION
from tests.infra.test_cloudtrail_bucket import ARN
from tests.kills.campaign import Child, serving
from tests.kills.mortal import Reach
from tests.kills.vendors import NOW

AGAIN, MOST_KILLS = 0.4, 3
STEP, SOON = 0.005, 0.05
TOLD = "told.json"
SECRET = "sk-of-the-campaign-not-to-be-seen"
PERIOD = ("2026-10-01T00:00:00Z", "2026-10-01T12:00:00Z")


def engagement(folder: Path, served: dict[str, str]) -> Path:
    """Write the engagement that every run is a copy of, with keys and the salt of tokens."""
    (folder / "evidence").mkdir(parents=True)
    (folder / "cloudtrail").mkdir()
    (folder / "contract.yaml").write_text(RESIDENCY)
    for number in range(20):
        record = call(number, eventTime=f"2026-10-01T11:00:{number:02d}Z")
        (folder / f"cloudtrail/{number}.json").write_text(json.dumps({"Records": [record]}))
    (folder / "evidence/usage_totals.csv").write_text("meter,period_start,period_end,metric,value\n")
    keys = {"credential": "KEY", "admin_credential": "KEY", "reads": ["activities", "settings", "workspaces"]}
    trail = {"accounts": [ACCOUNT], "regions": [REGION], "trail": ARN, "endpoint": served["s3"]}
    sources = [
        {"kind": "anthropic", "organization": ORG, "endpoint": served["anthropic"], **keys},
        {"kind": "openai", "organization": "org-acme", "credential": "KEY", "endpoint": served["openai"]},
        {"kind": "statuspage", "url": served["statuspage"]},
        {"kind": "cloudtrail", "bucket": BUCKET, **trail},
        {"kind": "cloudtrail", "path": "cloudtrail"},
        {"kind": "files", "path": "evidence"},
    ]
    audit = {"probity": "audit/v1", "sources": sources, "signer": {"kind": "local", "keys": "keys/private"}}
    (folder / "audit.yaml").write_text(json.dumps(audit | {"store": {"kind": "folder", "path": "bundles"}}))
    make_keys(folder / "keys", "test seal", datetime.now(UTC))
    (folder / ".probity").mkdir()
    (folder / ".probity/salt").write_bytes(bytes(32))
    return folder


def gather(folder: Path, reach: Reach) -> None:
    """Gather everything and tell what came: rows, cards and problems."""
    prepared = prepare(Request(str(folder), start=PERIOD[0], end=PERIOD[1]), reach, now=lambda: NOW)
    try:
        found = pipeline.gather(prepared.engagement, prepared.run).gathered
        rows = {n: [pq.read_table(path).to_pylist() for path in paths] for n, paths in found.tables.items()}
        told = {"rows": rows, "cards": [card.as_json() for card in found.cards], "problems": found.problems}
        (folder / TOLD).write_text(json.dumps(told, default=str))
    finally:
        pipeline.clear(prepared.run)


def outcome(folder: Path) -> dict[str, Any]:
    """Return what the last gathering told and all that the locker holds; nothing unfinished may lie there."""
    told: dict[str, Any] = json.loads((folder / TOLD).read_text())
    locker = folder / ".probity/locker"
    held = {}
    for path in sorted(path for path in locker.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.name.startswith("s3-"):  # what was fetched, in whatever order
            data = b"\n".join(sorted(set(data.splitlines())))
        held[str(path.relative_to(locker))] = hashlib.sha256(data).hexdigest()
    left = [path.name for path in (folder / ".probity/work").glob("*")]
    return told | {"locker": held, "left": left}


@dataclass
class Gatherings:
    """Copies of one engagement, each gathered with interruptions."""

    template: Path
    draw: random.Random
    tally: Counter[str] = field(default_factory=Counter)

    def run(self, wanted: int) -> None:
        """Kill until so many were killed, and compare every outcome with the undisturbed one."""
        whole = self._undisturbed()
        while self.tally["killed"] < wanted:
            folder = self._copy(f"g{self.tally['gatherings']}")
            self.tally["gatherings"] += 1
            for _ in range(MOST_KILLS):
                self._kill(folder)
                if self.draw.random() > AGAIN or self.tally["killed"] >= wanted:
                    break
            assert not Child.begin(gather, folder).end()
            found = outcome(folder)
            for part, said in whole.items():
                assert found[part] == said, f"{folder.name}: {part} differs: {_difference(said, found[part])}"
            shutil.rmtree(folder)

    def _undisturbed(self) -> dict[str, Any]:
        folder = self._copy("whole")
        assert not Child.begin(gather, folder).end()
        whole = outcome(folder)
        assert all(card["complete"] for card in whole["cards"]), whole["problems"]
        self.tally["objects"], self.tally["cards"] = len(whole["locker"]), len(whole["cards"])
        self.tally["rows"] = sum(len(part) for parts in whole["rows"].values() for part in parts)
        return whole

    def _kill(self, folder: Path) -> None:
        """Kill a gathering soon after the locker has as many objects as were drawn."""
        child, wanted = Child.begin(gather, folder), self.draw.randrange(self.tally["objects"] + 1)
        while _stored(folder) < wanted and not child.over():
            child.wait(STEP)
        child.wait(self.draw.random() * SOON)
        child.kill()
        if child.end():
            self.tally["killed"] += 1
            self.tally[f"with {10 * (_stored(folder) // 10)} objects or more"] += 1

    def _copy(self, name: str) -> Path:
        return shutil.copytree(self.template, self.template.parent / name)


def _stored(folder: Path) -> int:
    return sum(1 for path in (folder / ".probity/locker").rglob("*") if path.is_file())


def _difference(one: Any, other: Any) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        return str([name for name in sorted({*one, *other}) if one.get(name) != other.get(name)][:5])
    return f"{str(one)[:300]} / {str(other)[:300]}"


def warm(template: Path) -> None:
    """Import here what a gathering imports, so that children need not; learnt in a child, which has threads."""

    def learn(folder: Path, moments: Reach) -> None:
        gather(folder, lambda _: None)
        for name in sys.modules:
            moments(name)

    child = Child.begin(learn, shutil.copytree(template, template.parent / "warm"))
    assert not child.end()
    for name in child.told.split():
        with suppress(ImportError):
            importlib.import_module(name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261129)
    asked = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "KEY": SECRET}
    with tempfile.TemporaryDirectory() as name, serving("tests.kills.vendors") as served:
        os.environ["AWS_ENDPOINT_URL_CLOUDTRAIL"] = served["cloudtrail"]
        template = engagement(Path(name, "template"), served)
        warm(template)
        campaign = Gatherings(template, random.Random(asked.seed))
        campaign.run(asked.random)
    print(json.dumps(campaign.tally, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
