"""Everything that scheduled audits need, as processes that may be killed: database, server, worker, runs, receivers."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.keys import make_keys
from infra.daemons import Daemon, end, launch, until
from infra.prefect.servers import Servers, _free_port
from tests.cli.engagements import RESIDENCY, call

ROOT = Path(__file__).parents[2]
#: Allowed places that Ohio is not in: as many promises as there are cases.
PLACES = ("EU", "EEA", "[DE]", "[FR]", "[IE]")
QUICK = {
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "1",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
}
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes long").decode()
AUDIT = """\
probity: audit/v1
sources:
  - {{kind: cloudtrail, path: cloudtrail}}
  - {{kind: files, path: evidence}}
signer: {{kind: local, keys: keys/private}}
store: {{kind: folder, path: bundles}}
breach: {{triage: 24h}}
notify:
  channels:
    - {{kind: smtp, name: mail, host: 127.0.0.1, port: {smtp}, tls: none, from: p@acme.example, to: [soc@acme.example]}}
    - {{kind: webhook, name: hook, url: "http://127.0.0.1:{hook}/hook", secret: "${{HOOK_SECRET}}"}}
  escalation: {{audiences: [[mail, hook]]}}
  heartbeat: {{url: "${{BEAT_URL}}"}}
schedules:
  zone: UTC
  since: {since}
  audits:
    residency: {{cron: 0 0 * * *, audits: day}}
  grace: 1s
  retry: {retry}
  ticks: {ticks}
"""


def engagement(folder: Path, days: int, places: int, **settings: object) -> Path:
    """Write an engagement in which every one of the last `days` days breaks every one of `places` promises."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    (folder / "evidence").mkdir(parents=True)
    (folder / "cloudtrail").mkdir()
    head, _, clause = RESIDENCY.partition("  RES-EU:\n")
    head = head.replace("to: 2026-12-31", f"to: {today.year + 2}-12-31")
    clauses = [
        f"  RES-{number}:\n{clause.replace('allowed: EU', f'allowed: {place}')}"
        for number, place in enumerate(PLACES[:places])
    ]
    (folder / "contract.yaml").write_text(head + "".join(clauses))
    since = (today - timedelta(days=days - 1)).date()
    (folder / "audit.yaml").write_text(AUDIT.format(since=since, **settings))
    records, totals = [], ["meter,period_start,period_end,metric,value"]
    for number in range(days):
        day = today - timedelta(days=number + 1)
        ends = (day, day + timedelta(days=1))
        totals.append(",".join(["gateway", *(f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in ends), "requests", "1"]))
        moved = {"inferenceRegion": "us-east-2"}
        noon = f"{day + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}"
        records.append(call(number, eventTime=noon, additionalEventData=moved))
    (folder / "evidence" / "usage_totals.csv").write_text("\n".join(totals) + "\n")
    (folder / "cloudtrail" / "log.json.gz").write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    make_keys(folder / "keys", "test seal", datetime.now(UTC))
    return folder


@dataclass
class Town:
    """The processes around one engagement, and the ports and folders that outlive them."""

    folder: Path
    days: int = 1
    places: int = 1
    ticks: str = "3s"
    retry: str = "5s"
    ports: tuple[int, int] = field(init=False)
    engagement: Path = field(init=False)
    servers: Servers = field(init=False)
    receivers: Daemon | None = None

    def __post_init__(self) -> None:
        self.ports = (_free_port(), _free_port())
        smtp, hook = self.ports
        settings = {"smtp": smtp, "hook": hook, "ticks": self.ticks, "retry": self.retry}
        self.engagement = engagement(self.folder / "e", self.days, self.places, **settings)
        secrets = {"HOOK_SECRET": SECRET, "BEAT_URL": f"http://127.0.0.1:{hook}/beat"}
        secrets["PYTHONPATH"] = str(ROOT)
        self.servers = Servers(self.folder / "prefect", options=QUICK | secrets)
        (self.folder / "taken").mkdir()

    def start(self) -> None:
        self.start_receivers()
        self.servers.start()

    def stop(self) -> None:
        end([each for each in [self.receivers] if each], seconds=5)
        for process in self.runs():
            os.kill(process, signal.SIGKILL)
        self.servers.stop()

    def start_receivers(self) -> None:
        words = [sys.executable, "-m", "tests.kills.receivers", str(self.folder / "taken"), *map(str, self.ports)]
        self.receivers = started = launch(words, self.folder / "receivers.log", where=ROOT)
        assert until(lambda: "ready" in started.said(), 60), started.said()

    def probity(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run a verb as an operator would, with the server in the environment."""
        command = [sys.executable, "-m", "flows.cli", *map(str, words)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=self.servers.environment(), check=False, timeout=120
        )

    def runs(self) -> list[int]:
        """Return the processes of flow runs that this town's worker began, whoever is their parent by now."""
        found, ours = [], f"PREFECT_API_URL={self.servers.url}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "environ").read_bytes().split(b"\0")
                except OSError:
                    continue
                if ours in words and any(word.startswith(b"PREFECT__FLOW_RUN_ID=") for word in words):
                    found.append(int(entry.name))
        return found

    def kill(self, target: str) -> bool:
        """Kill without warning, and start again what does not start by itself; return whether anything was killed."""
        if target == "run":
            running = self.runs()
            for process in running:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            return bool(running)
        if target == "receivers":
            assert self.receivers is not None
            self.receivers.signal(signal.SIGKILL)
            until(lambda: self.receivers is None or not self.receivers.alive, 20)
            self.start_receivers()
        else:
            daemon = self.servers.daemons[target]
            daemon.signal(signal.SIGKILL)
            until(lambda: not daemon.alive, 20)
            self.servers.start(target)
        return True


@contextmanager
def running(folder: Path, **settings: object) -> Iterator[Town]:
    """Give a town whose processes run and whose engagement is deployed; end every process of it."""
    town = Town(folder, **settings)  # type: ignore[arg-type]
    try:
        town.start()
        deployed = town.probity("deploy", town.engagement)
        assert deployed.returncode == 0, deployed.stderr
        yield town
    finally:
        town.stop()
