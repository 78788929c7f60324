"""`probity breach` on cases: from the first look to the close, and what is refused on the way."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.keys import make_keys
from tests.cli.commands import Outcome, runner
from tests.cli.engagements import edit, trail, unjudged

CHANNELS = """\
breach: {triage: 8h, tz: Europe/Brussels, countries: [BE], facts: {contact_point: "the privacy office"}}
notify:
  channels:
    - {kind: smtp, name: mail, host: mail.invalid, from: alerts@acme.example, to: [soc@acme.example]}
period:"""
LEGAL = ("--channel", "mail", "--to", "legal@vendor.example")
Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> Path:
    """An engagement with an open case."""
    made = unjudged(trail(tmp_path / "e"))
    edit(made / "audit.yaml", "period:", CHANNELS)
    opened = run("breach", "open", made, "--summary", "prompts were seen in Ohio", "--as", "Ann")
    assert opened.code == 0, opened.err
    return made


def step(run: Run, folder: Path, verb: str, *words: object, who: str = "Ann", case: str = "case-0001") -> Outcome:
    return run("breach", verb, folder, case, *words, "--as", who)


def shown(run: Run, folder: Path, case: str = "case-0001") -> dict[str, Any]:
    answer = run("breach", "show", folder, case, "--format", "json")
    assert answer.code == 0, answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


def digest(run: Run, folder: Path, notice: str = "N-1") -> str:
    text = run("breach", "show", folder, "case-0001", "--text", notice).out
    return hashlib.sha256(text.encode()).hexdigest()


def drafted(run: Run, folder: Path, template: str = "gdpr-33") -> str:
    """Classify, draft, and return the digest of what was printed; a notice to the vendor is for its legal office."""
    assert step(run, folder, "classify", "--rule", "gdpr-33", "--reason", "personal data").code == 0
    outcome = step(run, folder, "draft", template, *(LEGAL if template == "contract-breach" else ()))
    assert outcome.code == 0, outcome.err
    return digest(run, folder)


def approved(run: Run, folder: Path, template: str = "gdpr-33") -> str:
    text = drafted(run, folder, template)
    for verb in ("review", "approve"):
        outcome = step(run, folder, verb, "N-1", "--sha256", text, who="Bob")
        assert outcome.code == 0, outcome.err
    return text


def test_a_case_goes_from_open_to_closed(run: Run, folder: Path, tmp_path: Path) -> None:
    assert shown(run, folder)["state"] == "opened"
    assert [c["name"] for c in shown(run, folder)["clocks"]] == ["triage"]
    step(run, folder, "triage", "--note", "looking")
    step(run, folder, "fact", "nature=prompts of claims handlers ran in Ohio", "record_count=41")
    approved(run, folder)
    out = tmp_path / "form.txt"
    assert step(run, folder, "send", "N-1", "--out", out).code == 0
    assert "Approximate number of records: 41" in out.read_text()
    assert "Contact point: the privacy office" in out.read_text()
    assert shown(run, folder)["state"] == "approved"
    (sent_at,) = {n["approved"]["at"] for n in shown(run, folder)["notices"]}
    assert step(run, folder, "send", "N-1", "--submitted", sent_at, "--receipt", "APD-2026-7").code == 0
    assert step(run, folder, "ack", "N-1", "--reference", "dossier 12").code == 0
    assert step(run, folder, "close", "--reason", "facts, effects, remedial action").code == 0
    closed = shown(run, folder)
    assert (closed["state"], closed["clocks"], closed["held"]) == ("closed", [], [])
    assert run("breach", "list", folder).out == "no open case\n"


def test_an_approval_by_the_drafter_is_refused(run: Run, folder: Path) -> None:
    text = drafted(run, folder)
    for who in ("Ann", "ANN"):
        assert step(run, folder, "review", "N-1", "--sha256", text, who=who).code == 4
        outcome = step(run, folder, "approve", "N-1", "--sha256", text, who=who)
        assert (outcome.code, "DRAFTER_CANNOT_APPROVE" in outcome.err) == (4, True)


def test_an_approval_of_an_edited_text_is_refused(run: Run, folder: Path, tmp_path: Path) -> None:
    text = drafted(run, folder)
    changed = tmp_path / "changed.txt"
    changed.write_text("nothing happened\n")
    assert step(run, folder, "review", "N-1", "--sha256", text, who="Bob").code == 0
    assert step(run, folder, "draft", "N-1", "--text", changed).code == 0
    outcome = step(run, folder, "approve", "N-1", "--sha256", text, who="Bob")
    assert (outcome.code, "TEXT_CHANGED" in outcome.err) == (4, True)


def test_an_edit_after_the_approval_ends_it(run: Run, folder: Path, tmp_path: Path) -> None:
    approved(run, folder)
    changed = tmp_path / "changed.txt"
    changed.write_text("nothing happened\n")
    assert step(run, folder, "draft", "N-1", "--text", changed, who="Cleo").code == 0
    out = tmp_path / "form.txt"
    for words in (("--out", out), ("--submitted", "2026-01-01T00:00:00Z", "--receipt", "x")):
        outcome = step(run, folder, "send", "N-1", *words)
        assert (outcome.code, "NOT_APPROVED" in outcome.err) == (4, True)
    assert not out.exists()


@pytest.mark.parametrize("words", [("--out", "form.txt"), ("--channel", "mail")])
def test_sending_without_an_approval_is_refused(run: Run, folder: Path, words: tuple[str, str]) -> None:
    drafted(run, folder, "contract-breach")
    outcome = step(run, folder, "send", "N-1", *words)
    assert (outcome.code, "NOT_APPROVED" in outcome.err) == (4, True)
    assert not (folder / ".probity" / "outbox.db").exists()


def test_a_submission_before_its_approval_is_refused(run: Run, folder: Path) -> None:
    approved(run, folder)
    outcome = step(run, folder, "send", "N-1", "--submitted", "2026-01-01T00:00:00Z", "--receipt", "x")
    assert (outcome.code, "NOT_APPROVED" in outcome.err) == (4, True)


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "case-0001"),
        ("triage", "case-0001", "--as", "Ann"),
        ("fact", "case-0001", "nature=x", "--as", "Ann"),
        ("open", "--summary", "something else", "--as", "Ann"),
        ("close", "case-0001", "--reason", "x", "--as", "Ann"),
        ("remedies",),
    ],
)
def test_a_case_log_that_was_tampered_with_is_refused_by_every_verb(
    run: Run, folder: Path, words: tuple[str, ...]
) -> None:
    log = folder / ".probity" / "cases" / "case-0001.jsonl"
    log.write_bytes(log.read_bytes().replace(b"Ohio", b"Bonn"))
    outcome = run("breach", words[0], folder, *words[1:])
    assert (outcome.code, "CASE_LOG" in outcome.err) == (4, True)


def test_a_log_that_was_put_back_is_refused_by_whoever_kept_its_head(run: Run, folder: Path) -> None:
    files = [folder / ".probity" / "cases" / name for name in ("case-0001.jsonl", "register.json")]
    older = [file.read_bytes() for file in files]
    step(run, folder, "triage")
    head = shown(run, folder)["head"]
    for file, data in zip(files, older, strict=True):
        file.write_bytes(data)
    assert run("breach", "show", folder, "case-0001").code == 0
    assert run("breach", "show", folder, "case-0001", "--head", f"{head['seq']}:{head['sha256']}").code == 4


def test_a_notice_to_a_partner_is_put_into_the_outbox_once(run: Run, folder: Path) -> None:
    from infra.notify.outbox import Outbox  # noqa: PLC0415

    text = approved(run, folder, "contract-breach")
    words = ("send", "N-1", *LEGAL)
    assert step(run, folder, *words).code == 0
    again = step(run, folder, *words)
    assert (again.code, "sent already" in again.err) == (2, True)
    box = Outbox(folder / ".probity" / "outbox.db")
    (entry,) = box.entries()
    closing = step(run, folder, "close", "--reason", "x")
    assert (closing.code, "N-1 is waiting" in closing.err) == (2, True)
    assert shown(run, folder)["deliveries"]["N-1"]["state"] == "waiting"
    assert (entry.key, entry.kind.value) == (f"case-0001/N-1/{text}", "notice")


@pytest.mark.parametrize(
    "others",
    [
        ("--channel", "chat", "--to", "legal@vendor.example"),
        ("--channel", "mail", "--to", "somebody@vendor.example"),
        (*LEGAL, "--to", "somebody@vendor.example"),
    ],
)
def test_a_notice_is_sent_to_nobody_but_the_addressee_that_was_approved(
    run: Run, folder: Path, others: tuple[str, ...]
) -> None:
    approved(run, folder, "contract-breach")
    outcome = step(run, folder, "send", "N-1", *others)
    assert (outcome.code, "OTHER_ADDRESSEE" in outcome.err) == (4, True)
    assert not (folder / ".probity" / "outbox.db").exists()


def test_a_notice_that_was_approved_for_no_addressee_is_not_sent(run: Run, folder: Path) -> None:
    assert step(run, folder, "classify", "--rule", "gdpr-33", "--reason", "personal data").code == 0
    assert step(run, folder, "draft", "contract-breach").code == 0
    for verb in ("review", "approve"):
        assert step(run, folder, verb, "N-1", "--sha256", digest(run, folder), who="Bob").code == 0
    outcome = step(run, folder, "send", "N-1", *LEGAL)
    assert (outcome.code, "OTHER_ADDRESSEE" in outcome.err) == (4, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("contract-breach", "--channel", "mail"), "say whom"),
        (("contract-breach", "--channel", "chat"), "takes no notices"),
        (("contract-breach", "--to", "legal@vendor.example"), "takes no notices"),
        (("contract-breach", "--channel", "mail", "--to", "the vendor"), "is no address"),
        (("gdpr-33", *LEGAL), "submitted by a person"),
    ],
)
def test_a_draft_for_an_addressee_that_cannot_be_sent_to_is_refused(
    run: Run, folder: Path, words: tuple[str, ...], why: str
) -> None:
    assert step(run, folder, "classify", "--rule", "gdpr-33", "--reason", "personal data").code == 0
    outcome = step(run, folder, "draft", *words)
    assert (outcome.code, why in outcome.err) == (2, True)
    assert shown(run, folder)["notices"] == []


def test_the_same_text_for_another_addressee_ends_the_approval(run: Run, folder: Path, tmp_path: Path) -> None:
    before = approved(run, folder, "contract-breach")
    printed = run("breach", "show", folder, "case-0001", "--text", "N-1").out
    head, _, text = printed.partition("\n\n")
    assert head == "Channel: mail\nTo: legal@vendor.example"
    same = tmp_path / "same.txt"
    same.write_text(text)
    words = ("draft", "N-1", "--text", same, "--to", "somebody@vendor.example")
    assert step(run, folder, *words).code == 0
    assert step(run, folder, "send", "N-1", "--channel", "mail").code == 4
    outcome = step(run, folder, "review", "N-1", "--sha256", before, who="Bob")
    assert (outcome.code, "TEXT_CHANGED" in outcome.err) == (4, True)


def test_an_edited_text_keeps_its_addressee(run: Run, folder: Path, tmp_path: Path) -> None:
    drafted(run, folder, "contract-breach")
    changed = tmp_path / "changed.txt"
    changed.write_text("it ran in Ohio\n")
    assert step(run, folder, "draft", "N-1", "--text", changed).code == 0
    (notice,) = shown(run, folder)["notices"]
    assert (notice["channel"], notice["to"]) == ("mail", ["legal@vendor.example"])


def test_a_notice_that_a_crash_kept_out_of_the_log_is_recorded_before_it_is_changed(run: Run, folder: Path) -> None:
    from infra.notify.outbox import Outbox  # noqa: PLC0415

    approved(run, folder, "contract-breach")
    cases = folder / ".probity" / "cases"
    before = {name: (cases / name).read_bytes() for name in ("case-0001.jsonl", "register.json")}
    words = ("send", "N-1", *LEGAL)
    assert step(run, folder, *words).code == 0
    for name, data in before.items():
        (cases / name).write_bytes(data)
    assert step(run, folder, "draft", "N-1", who="Cleo").code == 2
    assert step(run, folder, *words).code == 0
    assert len(Outbox(folder / ".probity" / "outbox.db").entries()) == 1
    assert shown(run, folder)["state"] == "sent"


def test_a_notice_that_is_in_the_outbox_is_not_recorded_as_sent_to_others(run: Run, folder: Path) -> None:
    approved(run, folder, "contract-breach")
    cases = folder / ".probity" / "cases"
    before = {name: (cases / name).read_bytes() for name in ("case-0001.jsonl", "register.json")}
    assert step(run, folder, "send", "N-1", *LEGAL).code == 0
    for name, data in before.items():
        (cases / name).write_bytes(data)
    outcome = step(run, folder, "send", "N-1", "--channel", "mail", "--to", "somebody@vendor.example")
    assert (outcome.code, "OTHER_ADDRESSEE" in outcome.err) == (4, True)
    assert shown(run, folder)["state"] == "approved"


def test_the_same_words_after_the_case_was_closed_open_another(run: Run, folder: Path) -> None:
    step(run, folder, "classify", "--not-notified", "--reason", "no personal data")
    step(run, folder, "close", "--reason", "nothing more")
    words = ("--summary", "prompts were seen in Ohio", "--seen", "2026-01-01T00:00:00Z", "--as", "Ann")
    for _ in range(2):
        assert run("breach", "open", folder, *words).code == 0
    listed = json.loads(run("breach", "list", folder, "--format", "json").out)["cases"]
    assert [each["case"] for each in listed if each["state"] != "closed"] == ["case-0002"]
    assert len(shown(run, folder, "case-0002")["candidates"]) == 1


def test_nothing_is_ever_sent_to_an_authority(run: Run, folder: Path) -> None:
    approved(run, folder)
    outcome = step(run, folder, "send", "N-1", "--channel", "mail", "--to", "authority@example.org")
    assert (outcome.code, "submitted by a person" in outcome.err) == (2, True)
    assert not (folder / ".probity" / "outbox.db").exists()


def test_not_notified_because_is_kept_and_ends_triage(run: Run, folder: Path) -> None:
    outcome = step(run, folder, "classify", "--not-notified", "--reason", "no personal data")
    assert outcome.code == 0
    case = shown(run, folder)
    assert (case["state"], case["clocks"], case["decision"]["reason"]) == ("not_notified", [], "no personal data")


def test_an_earlier_awareness_moves_the_deadline_and_setting_it_aside_needs_a_reason(run: Run, folder: Path) -> None:
    step(run, folder, "classify", "--rule", "gdpr-33", "--reason", "personal data")
    before = shown(run, folder)["clocks"][0]["due"]
    step(run, folder, "anchor", "aware=2026-01-01T09:00:00[Europe/Brussels]", "--basis", "a colleague saw it then")
    case = shown(run, folder)
    assert case["clocks"][0]["due"] == "2026-01-04T08:00:00Z"
    line = str(max(c["line"] for c in case["candidates"]))
    assert step(run, folder, "anchor", "aware", "--set-aside", line).code == 2
    assert step(run, folder, "anchor", "aware", "--set-aside", line, "--reason", "another system").code == 0
    assert shown(run, folder)["clocks"][0]["due"] == before
    assert [len(h["deadlines"]) for h in shown(run, folder)["history"]] == [1, 1, 1]


@pytest.mark.parametrize(
    "words",
    [
        ("triage",),
        ("classify", "--reason", "why"),
        ("classify", "--rule", "gdpr-33"),
        ("classify", "--rule", "gdpr-99", "--reason", "why"),
        ("classify", "--rule", "gdpr-33", "--entity", "bank", "--reason", "why"),
        ("classify", "--rule", "gdpr-33", "--tz", "CEST+2", "--reason", "why"),
        ("classify", "--rule", "gdpr-33", "--not-notified", "--reason", "why"),
        ("classify", "--rule", "contract-notice", "--reason", "why"),
        ("classify", "--rule", "hipaa-hhs", "--reason", "why"),
        ("anchor", "aware=2026-10-23T18:30:00", "--basis", "x"),
        ("anchor", "awake=2026-10-23T18:30:00Z", "--basis", "x"),
        ("anchor", "aware=2026-10-23T18:30:00Z"),
        ("anchor", "aware=2099-10-23T18:30:00Z", "--basis", "x"),
        ("fact", "mood=bad"),
        ("fact", "nature=a\x07b"),
        ("fact",),
        ("draft", "gdpr-33"),
        ("draft", "gdpr-99"),
        ("approve", "N-1", "--sha256", "0" * 64),
        ("approve", "N-1", "--sha256", "abc"),
        ("send", "N-1", "--channel", "mail", "--out", "x"),
        ("send", "N-1", "--receipt", "x"),
        ("ack", "N-1", "--reference", "x"),
        ("close", "--reason", "x"),
        ("close", "--reason", "x" * 3000),
    ],
)
def test_what_is_out_of_order_or_unknown_exits_2(run: Run, folder: Path, words: tuple[str, ...]) -> None:
    named = words if words == ("triage",) else (*words, "--as", "Ann")
    outcome = run("breach", named[0], folder, "case-0001", *named[1:])
    assert outcome.code == 2, outcome.err
    assert len(json.loads(run("breach", "list", folder, "--format", "json").out)["cases"]) == 1
    assert shown(run, folder)["state"] == "opened"


def test_nobody_acts_without_a_name(run: Run, folder: Path) -> None:
    outcome = run("breach", "classify", folder, "case-0001", "--not-notified", "--reason", "no risk")
    assert (outcome.code, "--as" in outcome.err) == (2, True)


def test_templates_say_what_they_need(run: Run, folder: Path) -> None:
    listed = json.loads(run("breach", "templates", folder, "--format", "json").out)
    needed = {t["id"]: t["required"] for t in listed["templates"]}
    assert "data_subject_count" in needed["gdpr-33"]
    assert set(needed["gdpr-33"]) <= set(listed["facts"])
    assert "dora-initial:" in run("breach", "templates", folder).out


def test_whoever_holds_the_trust_folder_verifies_cases_without_a_private_key(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    head = shown(run, folder)["head"]
    copy, trust = tmp_path / "copy", folder / "keys" / "trust"
    shutil.copytree(folder / ".probity" / "cases", copy)
    noted = f"case-0001@{head['seq']}:{head['sha256']}"
    answer = run("breach", "verify", copy, "--trust", trust, "--head", noted, "--format", "json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["cases"] == [
        {"case": "case-0001", "state": "opened", "head": noted.partition("@")[2]}
    ]
    (copy / "register.json").unlink()
    assert run("breach", "verify", copy, "--trust", trust).code == 4
    shutil.copy(folder / ".probity" / "cases" / "register.json", copy)
    make_keys(tmp_path / "other", "somebody else", datetime.now(UTC))
    assert run("breach", "verify", copy, "--trust", tmp_path / "other" / "trust").code == 4
    assert run("breach", "verify", copy, "--trust", trust, "--head", f"case-0002@1:{'0' * 64}").code == 4
    assert run("breach", "verify", tmp_path, "--trust", trust).code == 2
