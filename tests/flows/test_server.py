"""The audit as a flow on a real Prefect server: what an operator sees there, and that the findings are the same."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.cli.engagements import ROOT, bundles, call, half_done, probity, trail

pytestmark = pytest.mark.server

STARTUP_SECONDS = 240
ABROAD = call(1, additionalEventData={"inferenceRegion": "us-east-1"})
#: The state in which a run must end, with the records and the number of calls an independent meter counted.
ENDS = {"Kept": ((call(1), call(2)), 2), "Breached": ((ABROAD, call(2)), 2), "Unproven": ((call(1), call(2)), 3)}
CODES = {"Kept": 0, "Breached": 1, "Unproven": 3}
#: Audits each engagement in one process, so that Prefect is imported once; prints exit code and document of each.
AUDITS = """
import contextlib, io, json, sys
from flows.cli import main
def loopback_only(event, arguments):
    if event == "socket.connect" and not isinstance(arguments[1], (str, bytes)):
        assert str(arguments[1][0]) in {"127.0.0.1", "::1", "localhost"}, arguments
sys.addaudithook(loopback_only)
for folder in sys.argv[1:]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try: code = main(["audit", folder, "--format", "json"])
        except SystemExit as left: code = left.code
    print(json.dumps([code, json.loads(out.getvalue())]))
"""
#: Gathers one source as a task; it fails once with the named error, and says how often it was asked.
RETRIES = """
import sys
from typing import ClassVar, Literal
from evidence import errors
from flows import tasks
from flows.wiring import Request, prepare
from infra.source import Source
asked = []
class Failing(Source):
    kind: Literal["failing"] = "failing"
    provides: ClassVar[frozenset[str]] = frozenset()
    def gather(self, gathering):
        asked.append(1)
        if len(asked) == 1:
            raise getattr(errors, sys.argv[2])("the source did not answer")
prepared = prepare(Request(sys.argv[1]))
try: tasks.gather(prepared.engagement, prepared.run, Failing(), 0); end = "gathered"
except errors.SourceError as error: end = type(error).__name__
print(len(asked), end)
"""


def free_port():
    """Return a loopback port nobody listens on, or skip where there is no loopback."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            return listening.getsockname()[1]
    except OSError as cause:
        pytest.skip(f"no loopback address can be used here: {cause}")


def environment(home, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    quiet = {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    return kept | quiet | more


def wait_until_healthy(process, url, log):
    """Ask for the server's health until it answers; waiting for its end instead of sleeping sees an early death."""
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/health", timeout=5):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"the server ended with {process.wait(0.3)}: {log.read_text()[-2000:]}")
    pytest.fail(f"the server did not answer within {STARTUP_SECONDS} s: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start a Prefect server with a home of its own, and return the URL of its interface and that home."""
    home = tmp_path_factory.mktemp("prefect")
    port, log = free_port(), home / "server.log"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment(home), cwd=home, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}/api"
        wait_until_healthy(process, url, log)
        yield url, home
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)  # its own session: the server and what it started, nothing else
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)


def on_the_server(server, code, *words):
    """Run code in a process that reports to the server."""
    url, home = server
    command = [sys.executable, "-c", code, *map(str, words)]
    settings = environment(home, PREFECT_API_URL=url)
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, env=settings)


def ask(server, path, body):
    """Return what the server's interface answers to a filter."""
    request = urllib.request.Request(
        f"{server[0]}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def runs(server, tmp_path_factory):
    """Audit an engagement for every end; return by end its folder, exit code, document and flow run."""
    folders = {}
    for end, (records, requests) in ENDS.items():
        folders[end] = trail(tmp_path_factory.mktemp(end) / "e", *records, requests=requests)
    ended = on_the_server(server, AUDITS, *folders.values())
    assert ended.returncode == 0, ended.stderr
    outcomes = [json.loads(line) for line in ended.stdout.splitlines()]
    flow_runs = {run["parameters"]["engagement"]: run for run in ask(server, "flow_runs/filter", {})}
    return {
        end: (folder, code, document, flow_runs[str(folder)])
        for (end, folder), (code, document) in zip(folders.items(), outcomes, strict=True)
    }


@pytest.mark.parametrize("end", ENDS)
def test_a_run_ends_in_a_state_named_after_what_was_found(runs, end):
    _, _, _, run = runs[end]
    assert (run["state"]["type"], run["state"]["name"]) == ("COMPLETED", end)


@pytest.mark.parametrize("end", ENDS)
def test_the_exit_code_under_a_server_is_the_same(runs, end):
    assert runs[end][1] == CODES[end]


@pytest.mark.parametrize("end", ENDS)
def test_the_findings_under_a_server_are_the_same(runs, end):
    folder, _, document, _ = runs[end]
    here = json.loads(probity("audit", folder, "--format", "json").out)
    assert document | {"bundle": ""} == here | {"bundle": ""}


def test_the_state_names_the_bundle_and_the_bundle_verifies(runs):
    folder, _, document, run = runs["Breached"]
    assert run["state"]["message"] == document["bundle"]
    assert probity("verify", document["bundle"], "--trust", folder / "keys" / "trust").code == 0


def test_the_findings_are_a_table_on_the_server(server, runs):
    _, _, document, run = runs["Breached"]
    key = {"artifacts": {"key": {"any_": ["findings"]}, "flow_run_id": {"any_": [run["id"]]}}}
    (artifact,) = ask(server, "artifacts/filter", key)
    (row,), (finding,) = json.loads(artifact["data"]), document["findings"]
    assert artifact["type"] == "table"
    assert {name: row[name] for name in ("commitment", "status", "clause", "because")} == {
        name: finding[name] for name in ("commitment", "status", "clause", "because")
    }


def test_every_source_and_step_is_a_task_of_the_run(server, runs):
    run = runs["Kept"][3]
    listed = ask(server, "task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
    names = {task["name"].rpartition("-")[0] for task in listed}
    assert names == {"announce", "gather cloudtrail", "gather files", "check", "seal", "publish"}


def test_the_server_is_told_nothing_of_the_evidence(server, runs):
    told = json.dumps([ask(server, f"{what}/filter", {}) for what in ("flow_runs", "task_runs", "artifacts", "logs")])
    assert "arn:aws" not in told
    assert "assumed-role" not in told


def test_a_run_under_a_server_leaves_nothing_half_done(runs):
    folder = runs["Kept"][0]
    assert half_done(folder) == []
    assert bundles(folder)


@pytest.mark.parametrize(("error", "end"), [("Transient", "2 gathered"), ("Terminal", "1 Terminal")])
def test_only_an_error_that_may_pass_is_tried_again(server, tmp_path, error, end):
    ended = on_the_server(server, RETRIES, trail(tmp_path / "e"), error)
    assert ended.stdout.strip() == end, ended.stderr
