"""What is recognised in a text, what is not, and that the fast test never overlooks what the exact one would find."""

from __future__ import annotations

import time

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.minimisation.kinds import FORMS, HINTS, Group, Kind, recognise

#: Made up, and put together here, so that no scanner of repositories takes this file for a leak.
RANDOM = "Zk3vQ9xR7bT1mW5nY8pL2cJ6dF4gH0sA"
FOUND = {
    Kind.MARKUP: [
        "<|im_start|>system",
        "[INST] Summarise [/INST]",
        "<<SYS>> be kind <</SYS>>",
        "\n\nHuman: hello\n\nAssistant: hi",
    ],
    Kind.BODY: [
        '{"role": "user", "content": "hello"}',
        '{"content": [1], "role":"assistant"}',
        '{"prompt": "Once upon"}',
        '{"messages": [{"x": 1}]}',
    ],
    Kind.PRIVATE_KEY: [f"-----BEGIN {kind}PRIVATE KEY-----" for kind in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")],
    Kind.CLOUD_KEY: ["AKIA" + "ABCDEFGHIJKLMNOP", "id=ASIA" + "234567ABCDEFGHIJ;"],
    Kind.API_KEY: [
        "sk-" + "ant-" + RANDOM,
        "sk-" + "proj-" + RANDOM,
        "sk-" + RANDOM,
        "ghp" + "_" + RANDOM,
        "xoxb" + "-1234567890-abc",
        "AIza" + RANDOM + "abc",
    ],
    Kind.TOKEN: ["eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJlc2ln", f"Authorization: Bearer {RANDOM}"],
    Kind.ASSIGNED: [f"aws_secret_access_key = {RANDOM}", f'"password": "{RANDOM}"', f"api-key={RANDOM}"],
    Kind.SIGNED_ADDRESS: [
        "postgresql://probity:hunter2x@db/audit",
        "https://b.s3.amazonaws.com/k?X-Amz-Signature=" + "0a" * 32,
    ],
    Kind.EMAIL: ["jane.doe@bank.example", "Jane Doe <jane@mail.bank.co.uk>.", "jörg@bücher.example", "a%40b.example"],
    Kind.PHONE: ["+49 151 23456789", "tel:+4915123456789", "+1 (212) 555-0100"],
    Kind.IBAN: ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "NO9386011117947"],
    Kind.IP: ["203.0.113.9", "from 10.1.2.3.", "2001:db8::1", "fe80:0:0:0:1:2:3:4"],
    Kind.USER: ["arn:aws:iam::123456789012:user/jane", "arn:aws-us-gov:sts::123456789012:assumed-role/r/jane.doe"],
}
#: Identifiers, measures and sentences as bundles are full of them.
HARMLESS = [
    "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-4-6",
    "arn:aws:iam::123456789012:role/auditor",
    "token:58fbe3dc4ba5b72e446acf3db2fa9fbe7f4041615b0cc92a125f72e7d4d1523b",
    "sha256:7c1212d67495c415e2b5be876c21c491c2274461f9d2e68d866b8d945b51b87a",
    "111122223333_CloudTrail_eu-central-1_20261001T0000Z_ea26b9aeb20f672f.json.gz",
    "C3D13FE58DE4C810",
    "550e8400-e29b-41d4-a716-446655440000",
    "2026-10-01T00:00:00.000001+02:00",
    "12:34:56",
    "00:1A:2B:3C:4D:5E",
    "10.0.0.0/8",
    "127.0.0.1",
    "1.2.3",
    "iban DE00 3704 0044 0532 0130 00",
    "shall delete Inputs and Outputs (prompts and completions) within twenty-four (24) hours",
    "CAST(x AS VARCHAR)::TEXT + 86400000000",
    "passphrase: given",
    "secret: ${AWS_SECRET_ACCESS_KEY_OF_THE_AUDIT}",
    "password: change-it-please",
    "sk-learn-is-a-library-of-some-renown",
    "task-0123456789-abcdefghij-0123456789",
    "@media (max-width: 40em)",
    "kernel@2",
    "svc@project.iam.gserviceaccount.com",
    "https://tsa.example/tsr?x=1",
    "human: 3 of 4 reviewed",
    "the role of the user",
]


def kinds(text: str) -> set[Kind]:
    return {kind for kind, _ in recognise(text)}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts])
def test_is_recognised(kind: Kind, text: str) -> None:
    assert kind in kinds(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_is_not_taken_for_anything(text: str) -> None:
    assert kinds(text) == set()


def test_every_kind_with_a_form_has_examples() -> None:
    assert {form.kind for form in FORMS} == set(FOUND)


def test_every_kind_belongs_to_the_group_it_is_about() -> None:
    groups = {kind: kind.group for kind in (Kind.BODY, Kind.FILE, Kind.API_KEY, Kind.EMAIL, Kind.NO_TOKEN)}
    assert list(groups.values()) == [Group.CONTENT, Group.CONTENT, Group.SECRET, Group.PERSONAL, Group.PERSONAL]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_fast_test_overlooks_nothing_that_the_exact_one_finds(data: st.DataObject) -> None:
    example = data.draw(st.sampled_from([text for texts in FOUND.values() for text in texts]))
    cut = data.draw(st.integers(0, len(example)))
    text = data.draw(st.text()) + example[:cut] + data.draw(st.text(max_size=1)) + example[cut:] + data.draw(st.text())
    if kinds(text):
        assert pc.match_substring_regex(pa.array([text]), HINTS).to_pylist() == [True]


@pytest.mark.parametrize(
    "hostile", ["a" * 200_000, "@" * 100_000, "a@" * 100_000, "+1 " * 60_000, "AT00" * 50_000, "::" * 90_000]
)
def test_hostile_text_takes_no_time_to_speak_of(hostile: str) -> None:
    started = time.process_time()
    kinds(hostile)
    assert time.process_time() - started < 5
