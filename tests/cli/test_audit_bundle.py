"""What is inside a sealed bundle, and above all what is not: canaries are planted and looked for in every byte."""

from __future__ import annotations

import io
import json
import subprocess

import pikepdf
import pyarrow.parquet as pq
import pytest

from evidence.canonical import sha256_hex
from tests.cli.engagements import audited, bundles, call, edit, firm, kept, members, probity, trail

ALWAYS = {
    *("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "VERIFY.md"),
    *("seal/statement.dsse.json", "seal/tagmanifest-sha256.txt.p7s", "seal/ltv/01.crl"),
    *(f"seal/ledger-{part}.{form}" for part in ("start", "entry") for form in ("json", "tlog-proof")),
    *("seal/keys/dsse-p256.pub", "seal/keys/dsse-ml-dsa-65.pub"),
    *("data/contract/contract.yaml", "data/contract/commitments.json", "data/limits.md"),
    *("data/report.html", "data/report.pdf"),
    *("data/method/audit.json", "data/method/method.json", "data/method/regions.csv"),
    *("data/evidence/cards.json", "data/results/findings.json", "data/results/expectations.json"),
    *("data/results/assessment-results.json", "data/results/ocsf.jsonl"),
}
ACTOR = "arn:aws:sts::111122223333:assumed-role/claims/jane.doe"
SECRET = "s3cr3t-of-the-environment"
#: What must be in no byte of the bundle, with how it got near.
CANARIES = {
    "the actor of a call": "jane.doe",
    "the whole name of the actor": ACTOR,
    "a prompt in the body of a call": "PROMPT-IN-A-CALL",
    "an extra column of a CSV file": "PROMPT-IN-CSV",
    "an extra key of a JSON line": "PROMPT-IN-JSONL",
    "a broken line of a log": "PROMPT-IN-A-BROKEN-LOG",
    "a broken line of JSON": "PROMPT-IN-BROKEN-JSON",
    "a broken row of CSV": "PROMPT-IN-BROKEN-CSV",
    "an instant that is none": "PROMPT-AS-INSTANT",
    "the value of a variable in the audit file": SECRET,
}


def planted(folder):
    """Return an engagement with every canary in its evidence and configuration, and the environment it needs."""
    asked = {"modelId": "anthropic.claude-sonnet-4-6", "messages": [{"content": "PROMPT-IN-A-CALL"}]}
    user = {"type": "AssumedRole", "arn": ACTOR}
    trail(folder, call(1, requestParameters=asked, userIdentity=user), call(2, userIdentity=user))
    (folder / "cloudtrail" / "broken.jsonl").write_text(
        '{"eventSource": "bedrock.amazonaws.com", "x": "PROMPT-IN-A-BROKEN-LOG\n'
        '{"eventSource": PROMPT-IN-A-BROKEN-LOG}\n'
        + json.dumps(call(3, eventTime="PROMPT-AS-INSTANT", userIdentity=user))
    )
    evidence = folder / "evidence"
    (evidence / "usage_totals.csv").write_text(
        "meter,period_start,period_end,metric,value,prompt_text\n"
        'gateway,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,requests,2,PROMPT-IN-CSV\n"PROMPT-IN-BROKEN-CSV,'
    )
    where = {
        "activity": "process",
        "occurred_at": "2025-06-10T12:00:00Z",
        "provider": "aws",
        "region_code": "eu-west-1",
    }
    row = {"activity_id": "a1", "outcome": "ok", "actor": ACTOR, "prompt_text": "PROMPT-IN-JSONL"} | where
    (evidence / "processing_activity.jsonl").write_text(f"{json.dumps(row)}\n{{PROMPT-IN-BROKEN-JSON\n")
    edit(folder / "audit.yaml", "path: bundles", 'path: "${PROBITY_TEST_STORE}"')
    edit(folder / "audit.yaml", "keys: keys/private", 'keys: "${PROBITY_TEST_KEYS}"')
    (folder / "keys" / "private").rename(folder / "keys" / SECRET)
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Return the engagement's folder and every byte of its bundle, packed and unpacked, by member."""
    folder = planted(tmp_path_factory.mktemp("bundle") / "e")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PROBITY_TEST_STORE", "bundles")
        patched.setenv("PROBITY_TEST_KEYS", f"keys/{SECRET}")
        patched.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        probity("audit", folder)
    (sealed,) = bundles(folder)
    texts = members(sealed)
    for name, data in dict(texts).items():
        if name.endswith(".parquet"):
            table = pq.read_table(io.BytesIO(data))
            texts[f"{name}, unpacked"] = repr((table.to_pydict(), table.schema.metadata)).encode()
        if name.endswith(".pdf"):
            with pikepdf.open(io.BytesIO(data)) as pdf:
                streams = [o.read_bytes() for o in pdf.objects if isinstance(o, pikepdf.Stream)]
            shown = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True).stdout
            texts[f"{name}, unpacked"] = b"".join((*streams, shown))
    return folder, texts | {"the container": sealed.read_bytes()}


def holding(texts, canary):
    return [name for name, data in texts.items() if canary.encode() in data]


@pytest.mark.parametrize("what", CANARIES)
def test_no_byte_of_the_bundle_holds(bundle, what):
    assert holding(bundle[1], CANARIES[what]) == []


def test_no_byte_of_the_bundle_holds_a_path_of_this_machine(bundle):
    folder, texts = bundle
    assert holding(texts, str(folder)) == []
    assert holding(texts, str(folder.parents[2])) == []


def test_the_canaries_were_really_there(bundle):
    folder, _ = bundle
    raw = b"".join(path.read_bytes() for path in (folder / ".probity" / "locker").glob("??/*"))
    assert b"PROMPT-IN-CSV" in raw
    assert b"PROMPT-IN-JSONL" in raw


def test_a_person_is_a_token_that_is_the_same_wherever_they_appear(bundle):
    _, texts = bundle
    table = pq.read_table(io.BytesIO(texts["data/evidence/processing_activity.parquet"]))
    tokens = {actor for actor in table["actor"].to_pylist() if actor is not None}
    assert len(tokens) == 1
    assert tokens.pop().startswith("token:")


def test_the_published_audit_file_shows_variables_and_not_their_values(bundle):
    assert b"${PROBITY_TEST_KEYS}" in bundle[1]["data/method/audit.json"]


def test_the_salt_of_the_tokens_is_not_published(bundle):
    folder, texts = bundle
    salt = (folder / ".probity" / "salt").read_bytes()
    assert [name for name, data in texts.items() if salt in data or salt.hex().encode() in data] == []


def test_every_expected_member_is_there_and_nothing_of_an_unknown_sort(tmp_path):
    folder, _ = audited(firm(tmp_path / "e"))
    found = members(bundles(folder)[0]).keys()
    families = {path.name.split(".")[0] for path in (folder / "evidence").iterdir() if path.suffix != ".txt"}
    tables = {f"data/evidence/{family}.parquet" for family in families}
    expected = ALWAYS | tables | {"data/method/kernels/RET-24H.sql", "data/method/kernels/TRN-NONE.sql"}
    assert found >= expected
    assert {name for name in found - expected if not name.startswith(("data/contract/", "data/method/"))} == set()


def test_cards_name_artefacts_that_are_in_the_locker(bundle):
    folder, texts = bundle
    artefacts = {card["artefact"].removeprefix("sha256:") for card in json.loads(texts["data/evidence/cards.json"])}
    assert artefacts == kept(folder)


def test_the_published_result_is_the_printed_one(tmp_path):
    folder, outcome = audited(trail(tmp_path / "e"), "--format", "json")
    printed, sealed = json.loads(outcome.out), json.loads(members(bundles(folder)[0])["data/results/findings.json"])
    assert {key: value for key, value in printed.items() if key != "bundle"} == sealed


def test_the_report_of_the_bundle_can_be_taken_out(tmp_path):
    folder, _ = audited(trail(tmp_path / "e"))
    (sealed,) = bundles(folder)
    outcome = probity("report", sealed, "--trust", folder / "keys" / "trust", "--out", tmp_path / "report.html")
    assert outcome.code == 0
    assert (tmp_path / "report.html").read_bytes() == members(sealed)["data/report.html"]


@pytest.mark.parametrize(
    ("options", "member"),
    [
        (("--out", "r.pdf"), "report.pdf"),
        (("--out", "r.PDF"), "report.pdf"),
        (("--out", "r.html"), "report.html"),
        (("--out", "r"), "report.html"),
        (("--out", "r", "--format", "pdf"), "report.pdf"),
        (("--out", "r.pdf", "--format", "html"), "report.html"),
    ],
)
def test_the_format_of_the_report_is_the_one_asked_for_or_its_suffix(bundle, tmp_path, monkeypatch, options, member):
    folder, texts = bundle
    monkeypatch.chdir(tmp_path)
    outcome = probity("report", bundles(folder)[0], "--trust", folder / "keys" / "trust", *options)
    assert outcome.code == 0
    assert (tmp_path / options[1]).read_bytes() == texts[f"data/{member}"]
    assert [path.name for path in tmp_path.iterdir()] == [options[1]]


def test_the_pdf_carries_the_findings_and_the_hashes_of_all_other_members(bundle):
    _, texts = bundle
    with pikepdf.open(io.BytesIO(texts["data/report.pdf"])) as pdf:
        held = {name: each.get_file().read_bytes() for name, each in pdf.attachments.items()}
    assert held["findings.json"] == texts["data/results/findings.json"]
    named = dict(reversed(line.split("  ")) for line in held["payload-sha256.txt"].decode().splitlines())
    payload = {name: data for name, data in texts.items() if name.startswith("data/") and "unpacked" not in name}
    assert named == {n: sha256_hex(data) for n, data in payload.items() if n != "data/report.pdf"}


def test_the_pdf_is_sealed_by_the_certificate_of_the_bundles_seal(bundle, tmp_path):
    _, texts = bundle
    (tmp_path / "r.pdf").write_bytes(texts["data/report.pdf"])
    said = subprocess.run(["pdfsig", tmp_path / "r.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said


def test_without_a_certificate_the_pdf_is_not_sealed_and_says_so(tmp_path):
    folder = trail(tmp_path / "e")
    for name in ("seal.key", "seal.crt", "seal.crl"):
        (folder / "keys" / "private" / name).unlink()
    probity("audit", folder)
    report = members(bundles(folder)[0])["data/report.pdf"]
    text = subprocess.run(["pdftotext", "-", "-"], input=report, capture_output=True, check=True).stdout.decode()
    assert b"/ByteRange" not in report
    assert "no seal certificate is configured" in text


def test_a_pdf_that_cannot_be_set_is_our_failure_and_costs_no_audit(tmp_path, monkeypatch):
    folder, broken = trail(tmp_path / "e"), tmp_path / "broken"
    broken.mkdir()
    (broken / "typst.py").write_text("raise MemoryError('for the test')")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    outcome = probity("audit", folder, "--format", "json")
    (sealed,) = bundles(folder)
    assert outcome.code == 5
    assert json.loads(outcome.out)["bundle"] == str(sealed)
    assert "sealed without report.pdf: the PDF report could not be set: MemoryError: for the test" in outcome.err
    assert probity("verify", sealed, "--trust", folder / "keys" / "trust").code == 0
    found = members(sealed)
    assert "data/report.pdf" not in found
    assert b"There is no PDF report" in found["data/limits.md"]
    assert b"There is no PDF report" in found["data/report.html"]
    asked = probity("report", sealed, "--trust", folder / "keys" / "trust", "--format", "pdf", "--out", tmp_path / "r")
    assert (asked.code, (tmp_path / "r").exists()) == (2, False)
    assert "has no data/report.pdf; take the other one: --format html" in asked.err


def test_a_variable_in_the_path_of_a_source_is_not_published(tmp_path, monkeypatch):
    folder = trail(tmp_path / "e")
    edit(folder / "audit.yaml", "path: evidence", 'path: "${PROBITY_TEST_EVIDENCE}"')
    (folder / "evidence").rename(folder / SECRET)
    monkeypatch.setenv("PROBITY_TEST_EVIDENCE", SECRET)
    audited(folder)
    assert holding(members(bundles(folder)[0]), SECRET) == []


def test_an_absolute_path_in_the_audit_file_is_not_published(tmp_path):
    folder = trail(tmp_path / "e")
    edit(folder / "audit.yaml", "path: bundles", f"path: {folder / 'bundles'}")
    audited(folder)
    assert holding(members(bundles(folder)[0]), str(folder)) == []


def test_the_stated_limits_are_true_of_raw_artefacts_that_hold_prompts(bundle):
    assert b"never collected" not in bundle[1]["data/limits.md"]
