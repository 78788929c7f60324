"""The page in a real Chromium, opened from the disk as a reader would, driven by Playwright."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

import evidence.page

PAGE = Path(evidence.page.__file__).parent / "verify.html"
CHROMIUM = shutil.which("chromium")
#: Chromium itself keeps pages from loopback; what a test sees there must be the page's own doing.
ARGUMENTS = ["--no-sandbox", "--disable-features=LocalNetworkAccessChecks"]
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here to open verify.html with")

_CALL = """(async () => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const files = Object.entries(%(trust)s).map(([name, text]) => new File([bytes(text)], name));
  return window.probity.verify(new Blob([bytes(%(bundle)s)]), files, %(at)s);
})()"""


class VerifyPage:
    """One open page. The protocol of the developer tools is used where the page's own policy forbids `eval`."""

    def __init__(self, browser: Browser, **settings: object) -> None:
        self.page = browser.new_context(**settings).new_page()
        self._tools = self.page.context.new_cdp_session(self.page)
        self.page.goto(PAGE.as_uri())

    def evaluate(self, expression: str) -> object:
        """Return the value of an expression, awaited when it is a promise."""
        answer = self._tools.send(
            "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def verify(self, bundle: bytes, trust_folder: Path | None, at: datetime) -> tuple[str, dict]:
        """Return the page's answer in a word, and its result."""
        trust = {p.name: _base64(p.read_bytes()) for p in sorted(trust_folder.iterdir())} if trust_folder else {}
        words = {"trust": trust, "bundle": _base64(bundle), "at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        found = self.evaluate(_CALL % {name: json.dumps(value) for name, value in words.items()})
        return found["answer"], found["verification"]

    def choose(self, bundle: Path, trust: list[Path], at: str) -> str:
        """Verify as a person would; return the headline."""
        self.page.set_input_files("#bundle", bundle)
        self.page.set_input_files("#trust", trust)
        self.page.locator("summary").first.click()
        self.page.fill("#at", at)
        self.page.click("#verify")
        self.page.locator("#status", has_text=".").wait_for()
        return self.page.locator("#answer").inner_text()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser. A loop runs as long as it is open: what wants one of its own, such as sealing, comes before."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
