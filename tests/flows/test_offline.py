"""With the network cut everything but a network source still works, and nobody even tries to connect."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.cli.engagements import ROOT, bundles, probity, trail

#: Ends the process at once on any look-up of a name and any connection that is not to a local socket file, so that no
#: library can swallow it. Every thread is watched.
GUARD = """
import os, sys
def guard(event, arguments):
    named = event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request"}
    sent = event in {"socket.connect", "socket.sendto"} and not isinstance(arguments[1], (str, bytes))
    if named or sent:
        os.write(2, f"network: {event} {arguments!r}\\n".encode())
        os._exit(97)
sys.addaudithook(guard)
"""
#: Audits an engagement and does everything that a reader can do with its bundle; prints the exit code of each verb.
VERBS = """
import contextlib, io, json, sys
from pathlib import Path
from flows.cli import main
def run(*words):
    with contextlib.redirect_stdout(io.StringIO()):
        try: return main([*map(str, words)])
        except SystemExit as left: return left.code
folder = Path(sys.argv[1])
codes = {"audit": run("audit", folder)}
bundle = next((folder / "bundles").glob("*.zip"))
trust = folder / "keys" / "trust"
codes["verify"] = run("verify", bundle, "--trust", trust)
codes["report"] = run("report", bundle, "--trust", trust, "--out", folder / "report.html")
codes["replay"] = run("replay", bundle, "--trust", trust)
codes["export"] = run("export", bundle, "--trust", trust, "--to", "oscal", "--out", folder / "results.json")
codes["show"] = run("show", bundle, "--trust", trust)
codes["diff"] = run("diff", bundle, bundle, "--trust", trust)
codes["lint"] = run("lint", folder)
codes["plan"] = run("plan", folder)
print(json.dumps(codes))
"""
ALL_WELL = dict.fromkeys(("audit", "verify", "report", "replay", "export", "show", "diff", "lint", "plan"), 0)
#: An environment that asks for everything we never send.
TALKATIVE = {"DO_NOT_TRACK": "0", "GX_ANALYTICS_ENABLED": "true", "PREFECT_SERVER_ANALYTICS_ENABLED": "true"}
UNSHARE = ("unshare", "--net")


def python(code, *words, before=()):
    """Run code in a process of its own, without any server configured."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | TALKATIVE
    command = [*before, sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, env=environment)


def can_unshare():
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False, timeout=30).returncode == 0
    except OSError:
        return False


def test_the_guard_sees_a_connection_and_a_look_up():
    for attempt in ("create_connection(('127.0.0.1', 9))", "getaddrinfo('localhost', 80)"):
        ended = python(f"{GUARD}\nimport socket\ntry: socket.{attempt}\nexcept BaseException: pass")
        assert ended.returncode == 97


def test_no_verb_tries_to_reach_the_network(tmp_path):
    ended = python(GUARD + VERBS, trail(tmp_path / "e"))
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == ALL_WELL


def test_every_verb_works_in_a_process_that_has_no_network(tmp_path):
    if not can_unshare():
        pytest.skip("this machine does not let a process give up its network")
    folder = trail(tmp_path / "e")
    ended = python(VERBS, folder, before=UNSHARE)
    assert json.loads(ended.stdout) == ALL_WELL, ended.stderr
    assert probity("verify", bundles(folder)[0], "--trust", folder / "keys" / "trust").code == 0
