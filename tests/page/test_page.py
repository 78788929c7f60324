"""The page as a person uses it: what it shows, what it refuses to do, and that it cannot reach any network."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from evidence.canonical import canonical_bytes
from evidence.model import Status
from evidence.trust_files import open_trust, pack
from tests.attacks.parts import reseal, unpack
from tests.corpus.test_corpus import HERE as CORPUS
from tests.evidence import sealed
from tests.page.browser import PAGE, VerifyPage, chromium, needs_chromium

pytestmark = needs_chromium

BUNDLE, TRUST = CORPUS / "first-form" / "bundle.zip", sorted((CORPUS / "first-form" / "trust").iterdir())
AT = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[VerifyPage]:
    found = VerifyPage(browser)
    yield found
    found.page.context.close()


def test_good_bundle_is_shown_as_verified_with_its_audit_and_what_is_not_proved(page: VerifyPage) -> None:
    assert page.choose(BUNDLE, TRUST, AT) == "✓ VERIFIED"
    text = page.page.inner_text("#result")
    for shown in (
        "breached",
        "msa-2025-114",
        "DPA 4.2",
        "one record was kept",
        "The steps",
        "that the vendor's evidence",
    ):
        assert shown in text
    assert page.evaluate("window.probityResult.audit.status") == "breached"


def test_result_on_the_page_is_the_one_for_machines(page: VerifyPage) -> None:
    page.choose(BUNDLE, TRUST, AT)
    shown = json.loads(page.page.text_content("#facts pre"))
    assert shown == page.evaluate("window.probityResult")


def test_without_trust_nothing_is_verified_and_nothing_of_the_audit_is_shown(page: VerifyPage) -> None:
    assert page.choose(BUNDLE, [], AT) == "✗ NOT VERIFIED (NO_TRUST)"
    assert "breached" not in page.page.inner_text("#result")


def test_trust_of_another_signer_is_not_enough(page: VerifyPage) -> None:
    other = sorted((CORPUS / "doubly-sealed" / "trust").iterdir())
    assert page.choose(BUNDLE, other, AT).startswith("✗ NOT VERIFIED")


def test_one_trust_file_stands_for_the_folder(page: VerifyPage, tmp_path: Path) -> None:
    held = tmp_path / "acme.trust.json"
    held.write_bytes(pack(open_trust(CORPUS / "first-form" / "trust")))
    assert page.choose(BUNDLE, [held], AT) == "✓ VERIFIED"


def test_files_that_are_no_trust_are_refused_with_a_reason(page: VerifyPage) -> None:
    assert page.choose(BUNDLE, [BUNDLE], AT) == "✗ NOTHING VERIFIED"
    assert "T006" in page.page.inner_text("#explanation")


def test_time_that_is_none_is_refused(page: VerifyPage) -> None:
    assert page.choose(BUNDLE, TRUST, "tomorrow") == "✗ NOTHING VERIFIED"


def test_markup_in_a_bundle_is_shown_and_never_rendered(page: VerifyPage, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=document.title='owned'><b>all promises kept</b>"
    result = sealed.result().model_copy(deep=True)
    finding = result.findings[0].model_copy(update={"because": hostile})
    findings = canonical_bytes(result.model_copy(update={"findings": (finding,)}).as_json())
    digest = sealed.sha256_hex(findings)
    files = unpack(BUNDLE.read_bytes())
    files |= {"data/results/findings.json": findings, "data/report.html": digest.encode()}
    bundle = tmp_path / "hostile.zip"
    bundle.write_bytes(reseal(files, status=Status.BREACHED, findings_sha256=digest))
    trust = tmp_path / "trust"
    trust.mkdir()
    sealed.write_trust(trust)
    assert page.choose(bundle, sorted(trust.iterdir()), AT) == "✓ VERIFIED"
    assert hostile in page.page.inner_text("#result")
    assert page.page.locator("img, #result b").count() == 0


def test_page_is_used_with_the_keyboard_alone(page: VerifyPage) -> None:
    page.page.set_input_files("#bundle", BUNDLE)
    page.page.set_input_files("#trust", TRUST)
    reached = []
    for _ in range(4):
        page.page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert reached == ["bundle", "trust", "SUMMARY", "verify"]
    page.page.keyboard.press("Enter")
    page.page.locator("#status", has_text="Done.").wait_for()
    assert page.evaluate("document.activeElement.id") == "answer"


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback and the paths it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_ESCAPES = """(async () => {
  const image = new Image();
  const seen = new Promise((end) => { image.onload = image.onerror = end; });
  image.src = "%(url)s/image";
  const link = Object.assign(document.createElement("link"), {rel: "stylesheet", href: "%(url)s/style"});
  const frame = Object.assign(document.createElement("iframe"), {src: "%(url)s/frame"});
  document.body.append(image, link, frame);
  navigator.sendBeacon("%(url)s/beacon", "x");
  await fetch("%(url)s/fetch", {mode: "no-cors"}).catch(() => {});
  await seen;
})()"""


def test_nothing_can_leave_the_page(page: VerifyPage) -> None:
    requested: list[str] = []
    page.page.on("request", lambda request: requested.append(request.url))
    with listening() as (url, asked):
        assert page.choose(BUNDLE, TRUST, AT) == "✓ VERIFIED"
        assert requested == []
        page.evaluate(_ESCAPES % {"url": url})
        assert asked == []


def test_the_same_attempts_succeed_on_a_page_without_the_policy(page: VerifyPage, tmp_path: Path) -> None:
    open_page = tmp_path / "open.html"
    open_page.write_text(PAGE.read_text().replace("Content-Security-Policy", "X-None"))
    with listening() as (url, asked):
        page.page.goto(open_page.as_uri())
        page.evaluate(_ESCAPES % {"url": url})
        assert {"/image", "/fetch", "/style"} <= set(asked)


def test_page_allows_one_script_and_one_style_and_names_no_other_place() -> None:
    text = PAGE.read_text()
    policy = text.split('Content-Security-Policy" content="')[1].split('"')[0]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert (text.count("<script"), text.count("<style")) == (1, 1)
    assert not any(mark in text for mark in ("src=", "href=", "@import", "url("))
