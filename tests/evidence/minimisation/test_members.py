"""What is refused in which member, and that a message says where and of which kind, and never what."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidence.disclosure import Tokens
from evidence.errors import OutputFailed, Unminimised
from evidence.families import all_families, family
from evidence.families.arrow import arrow_schema
from evidence.minimisation import check
from evidence.minimisation.columns import ENOUGH
from evidence.minimisation.members import BODY_KEYS

TABLE, SOME = "data/evidence/access_events.parquet", "data/results/some.json"
WHO = "jane.doe@bank.example"
PROMPT = "Please write a short and friendly letter to our customer Jane and tell her that the loan was refused"
TOKEN = Tokens(bytes(32))(WHO)


def table(name: str = "access_events", rows: int = 1, **values: object) -> bytes:
    """Return a table of a family in which every column is null but those given."""
    schema = arrow_schema(family(name))
    columns = {f.name: [values.get(f.name)] * rows for f in schema}
    out = BytesIO()
    pq.write_table(pa.table(columns, schema=schema), out)
    return out.getvalue()


def refused(member: str, data: bytes | Path, keep: frozenset[str] = frozenset(), **others: bytes) -> list[str]:
    """Return what is said of a member; nothing when it may be sealed."""
    try:
        check({member: data} | others, keep)
    except Unminimised as error:
        return [line.strip() for line in str(error).splitlines()[1:] if not line.startswith("   =")]
    return []


def said(value: object) -> list[str]:
    return refused(SOME, json.dumps(value).encode())


def test_table_of_identifiers_and_tokens_may_be_sealed() -> None:
    assert refused(TABLE, table(event_id="e-1", principal=TOKEN, object="record/7", purpose="support")) == []


def test_address_in_a_column_is_named_with_the_count_of_its_rows_and_not_with_itself() -> None:
    with pytest.raises(Unminimised) as caught:
        check({TABLE: table(rows=12, object=f"mailbox of {WHO}")})
    assert f"  {TABLE}, column object: an e-mail address in 12 rows\n" in str(caught.value)
    assert "personal.keep" in str(caught.value)
    assert "jane" not in str(caught.value)


def test_refusal_is_our_own_failure_to_whoever_calls() -> None:
    with pytest.raises(OutputFailed) as caught:
        check({TABLE: table(object=WHO)})
    assert caught.value.exit_code == 5


def test_field_that_is_kept_may_hold_addresses_and_still_no_secret() -> None:
    keep = frozenset({"access_events.object"})
    assert refused(TABLE, table(object=WHO), keep) == []
    assert refused(TABLE, table(object="AKIA" + "ABCDEFGHIJKLMNOP"), keep) == [
        f"{TABLE}, column object: a key of a cloud account in 1 row"
    ]


def test_what_is_kept_in_a_table_may_be_quoted_by_the_results() -> None:
    results = {SOME: json.dumps({"record": WHO}).encode()}
    check({TABLE: table(object=WHO)} | results, frozenset({"access_events.object"}))
    with pytest.raises(Unminimised, match="an e-mail address in 1 row"):
        check(results)


@pytest.mark.parametrize("value", [WHO, "token:0", TOKEN.upper(), f"{TOKEN}\n", f" {TOKEN}"])
def test_personal_column_holds_tokens_and_nothing_else(value: str) -> None:
    found = refused(TABLE, table(principal=value), frozenset({"access_events.principal"}))
    assert found == [f"{TABLE}, column principal: a personal value that is not a token in 1 row"]


@pytest.mark.parametrize("rows", [1, 100], ids=["each for itself", "repeated"])
def test_prompt_where_an_identifier_belongs_is_refused(rows: int) -> None:
    many = "1 row" if rows == 1 else f"{rows} rows"
    assert refused(TABLE, table(object=PROMPT, rows=rows)) == [
        f"{TABLE}, column object: long text where an identifier belongs in {many}"
    ]


def test_long_word_where_an_identifier_belongs_is_refused() -> None:
    assert refused(TABLE, table(object="x" * 1025)) != []


def test_sentence_may_stand_where_sentences_belong() -> None:
    name = "data/evidence/consents.parquet"
    assert refused(name, table("consents", scope=PROMPT)) == []
    assert refused(name, table("consents", scope=f"{PROMPT} " * 20)) != []


def test_items_of_lists_are_looked_at_one_by_one() -> None:
    name = "data/evidence/subprocessors.parquet"
    assert refused(name, table("subprocessors", countries=["DE"] * 50)) == []
    assert refused(name, table("subprocessors", countries=["DE", WHO])) == [
        f"{name}, column countries: an e-mail address in 1 row"
    ]


def test_machine_may_be_named_by_its_address_where_machines_are_named() -> None:
    name = "data/evidence/egress_flows.parquet"
    assert refused(name, table("egress_flows", destination="203.0.113.9")) == []
    assert refused(name, table("egress_flows", process="203.0.113.9")) == [
        f"{name}, column process: an IP address in 1 row"
    ]


def test_column_that_is_not_of_the_family_is_refused_whatever_it_holds() -> None:
    out = BytesIO()
    given = pq.read_table(BytesIO(table()))
    pq.write_table(given.append_column("prompt_of_jane", pa.array([None], pa.string())), out)
    width = len(given.column_names)
    assert refused(TABLE, out.getvalue()) == [
        f"{TABLE}, column {width + 1}: a column that is not of the family in 1 row"
    ]


def test_metadata_of_a_table_carries_nothing() -> None:
    out = BytesIO()
    pq.write_table(pq.read_table(BytesIO(table())).replace_schema_metadata({"note": PROMPT}), out)
    assert refused(TABLE, out.getvalue()) == [f"{TABLE}: metadata of its own in 1 row"]


def test_table_of_no_family_is_refused() -> None:
    assert refused("data/evidence/chats.parquet", table()) == [
        "data/evidence/chats.parquet: a file of an unknown sort in 1 row"
    ]


def test_table_that_is_none_is_our_failure_and_not_passed_over() -> None:
    with pytest.raises(OutputFailed, match="cannot be read to be sealed"):
        check({TABLE: b"PAR1"})


def test_table_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(table(object=WHO))
    assert len(refused(TABLE, tmp_path / "t")) == 1


def test_counting_ends_where_it_is_plain_enough() -> None:
    schema = arrow_schema(family("access_events"))
    rows = 2 * ENOUGH
    columns = {f.name: [f"{n}.{WHO}" if f.name == "object" else None for n in range(rows)] for f in schema}
    out = BytesIO()
    pq.write_table(pa.table(columns, schema=schema), out)
    assert refused(TABLE, out.getvalue()) == [f"{TABLE}, column object: an e-mail address in {ENOUGH:,} rows or more"]


def test_no_family_has_a_column_for_content() -> None:
    names = {f"{f.name}.{c.name}" for f in all_families().values() for c in f.all_columns}
    assert {name for name in names if name.partition(".")[2].replace("_", "") in BODY_KEYS} == set()


def test_text_in_json_is_named_by_its_path() -> None:
    assert said({"findings": [{"why": "ok"}, {"why": f"by {WHO}"}]}) == [
        f"{SOME}, findings[].why: an e-mail address in 1 row"
    ]


def test_key_of_json_is_looked_at_and_not_repeated() -> None:
    assert said({"a": {WHO: {"b": "<|im_start|>"}}}) == [
        f"{SOME}, a: an e-mail address in 1 row",
        f"{SOME}, a.*.b: chat markup in 1 row",
    ]


@pytest.mark.parametrize("value", ["Hi", ["Hi"], [{"content": "Hi"}]])
def test_field_that_carries_a_body_is_refused_however_short_it_is(value: object) -> None:
    assert [line.partition(": ")[2] for line in said({"messages": value})][:1] == [
        "the body of a request or response in 1 row"
    ]


def test_lines_of_json_are_looked_at(tmp_path: Path) -> None:
    data = b'{"a":"b"}\n' + json.dumps({"a": WHO}).encode() + b"\n"
    assert refused("data/results/ocsf.jsonl", data) == ["data/results/ocsf.jsonl, a: an e-mail address in 1 row"]


def test_contract_may_name_persons_and_so_may_what_quotes_it() -> None:
    contract = {"data/contract/contract.yaml": f"notices: {WHO}\n".encode()}
    check(contract | {SOME: json.dumps([f"quote: {WHO}"]).encode(), "data/report.html": f"<p>{WHO}".encode()})
    with pytest.raises(Unminimised, match="an e-mail address in 1 row"):
        check(contract | {SOME: b'["john.doe@bank.example"]'})


def test_contract_may_hold_no_secret() -> None:
    assert refused("data/contract/contract.yaml", b"x: -----BEGIN PRIVATE KEY-----\n") == [
        "data/contract/contract.yaml: a private key in 1 row"
    ]


def test_terms_of_a_contract_may_be_called_prompt() -> None:
    assert refused("data/contract/commitments.json", b'{"RET":{"prompt":"24h","content":["prompt","output"]}}') == []


def test_waiver_names_who_accepted_and_nobody_else() -> None:
    name = "data/contract/waivers.json"
    assert refused(name, json.dumps([{"author": WHO, "approver": WHO, "reason": "agreed"}]).encode()) == []
    assert refused(name, json.dumps([{"reason": f"asked by {WHO}"}]).encode()) == [
        f"{name}, [].reason: an e-mail address in 1 row"
    ]


def test_card_says_as_whom_and_from_where_evidence_was_taken() -> None:
    card = {"address": "https://10.0.0.9/log", "identity": "arn:aws:sts::123456789012:assumed-role/probity/run"}
    assert refused("data/evidence/cards.json", json.dumps([card]).encode()) == []
    assert refused("data/evidence/cards.json", json.dumps([card | {"problems": ["1.2.3.4 said no"]}]).encode()) != []


def test_query_is_looked_at_for_its_literals_alone() -> None:
    name = "data/method/kernels/RES.sql"
    assert refused(name, b"SELECT x::INT + +49151234567890 FROM t WHERE r IN ('EU', 'it''s')") == []
    assert refused(name, f"SELECT * FROM t WHERE r = '{WHO}'".encode()) != []


def test_report_is_looked_at_as_a_reader_sees_it() -> None:
    escaped = b"<p>{&#34;role&#34;: &#34;user&#34;, &#34;content&#34;: &#34;hi&#34;}</p>"
    assert refused("data/report.html", escaped) == ["data/report.html: the body of a request or response in 1 row"]


@pytest.mark.parametrize("name", ["data/evidence/raw.bin", "data/report", "data/other.pdf"])
def test_file_of_an_unknown_sort_is_refused_unread(name: str) -> None:
    assert refused(name, b"") == [f"{name}: a file of an unknown sort in 1 row"]


def test_disclosed_value_is_a_name_and_no_prompt() -> None:
    lines = [{"salt": "0", "token": TOKEN, "value": value} for value in (WHO, PROMPT)]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    assert refused("disclosures/personal.jsonl", data) == [
        "disclosures/personal.jsonl, value: long text where an identifier belongs in 1 row"
    ]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Unminimised) as caught:
        check({TABLE: table(object=WHO, purpose="<|user|>"), "data/limits.md": b"password=aB3dE6gH9jK2mN5\n"})
    assert str(caught.value).count("\n") == 6
