"""The runbook, run from top to bottom in a shell: what it tells an engineer at night to type works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.cli.engagements import ROOT, call, edit, probity, trail
from tests.cli.forked import shim
from tests.infra.notify.services import Postbox, mail_server

pytestmark = pytest.mark.server
PAGE = (ROOT / "docs" / "breach-runbook.md").read_text()
OHIO = {"inferenceRegion": "us-east-2", "inputTokens": 3, "outputTokens": 4}
CONFIGURED = """\
breach: {{triage: 24h, tz: Europe/Brussels, countries: [BE], facts: {{contact_point: the privacy office}}}}
notify:
  channels:
    - kind: smtp
      name: mail
      host: 127.0.0.1
      port: {port}
      tls: none
      from: probity@acme.example
      to: [oncall@acme.example]
  escalation: {{audiences: [[mail]], acknowledge_within: 30m}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    """A PATH on which `probity` is found."""
    at = tmp_path / "probity.sock"
    server = subprocess.Popen([sys.executable, "-m", "tests.cli.forked", str(at)], cwd=ROOT, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    yield f"{shim(tmp_path / 'bin', at)}:{os.environ['PATH']}"
    server.kill()
    server.wait()
    server.stdout.close()


def test_every_alert_that_is_no_case_is_in_the_table() -> None:
    sources = [(ROOT / "flows" / name).read_text() for name in ("alerts.py", "slot_alerts.py")]
    subjects = [said for text in sources for said in re.findall(r'f"\{(?:contract|name)\}: ([^"]+)"', text)]
    assert len(subjects) >= 6
    assert [said for said in subjects if f"`{re.sub('{.*}Z?', '…', said)}`" not in PAGE] == []


def test_the_first_hour_works_as_it_is_written(tmp_path: Path, path: str) -> None:
    box = Postbox()
    with mail_server(box) as port:
        folder = trail(tmp_path / "acme", call(1), call(2, additionalEventData=OHIO))
        edit(folder / "audit.yaml", "as_of: 2025-07-05T00:00:00Z\n", CONFIGURED.format(port=port))
        assert probity("audit", folder).code == 1
        assert probity("notify", folder).code == 0
        assert len(box.mails) == 1  # the page: the case's triage clock runs
        script = "".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    assert ended.returncode == 0, ended.stderr
    assert "mail: delivered" in ended.stdout
    sent = [message_from_bytes(mail, policy=policy.default) for mail in box.mails]
    kinds = [mail["x-probity-kind"] for mail in sent]
    assert kinds.count("notice") == 1
    assert box.to[kinds.index("notice")] == ["privacy@vendor.example"]
    assert "gdpr-33" in (tmp_path / "handover.txt").read_text()
    assert "not yet known" in (tmp_path / "draft.txt").read_text()
