"""The narrow and bounded YAML that contracts are written in."""

from __future__ import annotations

import pytest

from checks.yaml12 import MAX_BYTES, MAX_LINE, read_yaml
from checks.yaml_reader import MAX_DEPTH, MAX_NODES
from evidence.errors import BadInput, Problem


def refused(raw: bytes) -> Problem:
    with pytest.raises(BadInput) as caught:
        read_yaml(raw, "f.yaml")
    return caught.value.problems[-1]


def noted(text: str) -> list[tuple[str, int | None, int | None]]:
    return [(p.code, p.place.line, p.place.column) for p in read_yaml(text.encode(), "f.yaml").problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("24:00", "24:00"),
        ("2025-11-01", "2025-11-01"),
        ("2025-11-01T00:00:00Z", "2025-11-01T00:00:00Z"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
        ("'12'", "12"),
        ('"~"', "~"),
        ("=", "="),
    ],
)
def test_scalars_are_read_as_yaml_1_2(written: str, value: object):
    read = read_yaml(f"a: {written}\n".encode(), "f.yaml").data["a"]
    assert read == value
    assert type(read) is type(value)


def test_a_key_is_always_text():
    assert list(read_yaml(b"2022: a\nNO: b\ntrue: c\n~: d\n", "f.yaml").data) == ["2022", "NO", "true", "~"]


def test_every_key_and_value_has_a_place():
    document = read_yaml("# c\na:\n  - {b: é, c: x}\n".encode(), "f.yaml")
    assert str(document.place(("a", 0, "c"))) == "f.yaml:3:15"
    assert str(document.place(("a", 0, "c"), key=True)) == "f.yaml:3:12"
    assert str(document.place(("a", 0, "unheard", "of"))) == "f.yaml:3:5"


def test_places_count_lines_the_same_for_every_line_ending():
    for ending in ("\n", "\r\n", "\r"):
        assert read_yaml(f"a: 1{ending}b: 2{ending}".encode(), "f").place(("b",)).line == 2


def test_a_byte_order_mark_moves_nothing():
    assert read_yaml(b"\xef\xbb\xbfa: 1\n", "f").place(("a",)).column == 4


def test_a_duplicate_key_names_both_places_and_the_first_counts():
    document = read_yaml(b"a: 1\nb: 2\na: 3\n", "f.yaml")
    (problem,) = document.problems
    assert (problem.code, str(problem.place)) == ("C007", "f.yaml:3:1")
    assert "line 1" in problem.message
    assert document.data["a"] == 1


def test_what_a_duplicate_key_holds_is_read_to_its_end():
    assert read_yaml(b"a: 1\na: {b: [x, {c: d}]}\ne: f\n", "f").data == {"a": 1, "e": "f"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: &x 1\n", (1, 4)),
        ("a: !!str 1\n", (1, 4)),
        ("a: !x {}\n", (1, 4)),
        ("<<: {a: 1}\n", (1, 1)),
        ("&x a: 1\n", (1, 1)),
    ],
)
def test_anchors_tags_and_merges_are_refused(text: str, place: tuple[int, int]):
    assert noted(text) == [("C008", *place)]


def test_an_alias_is_refused_and_never_expanded():
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    document = read_yaml(bomb.encode(), "f.yaml")
    assert document.data["i"] == [None, None]
    assert {p.code for p in document.problems} == {"C008"}


def test_yaml_1_1_is_refused_because_it_reads_countries_as_booleans():
    assert noted("%YAML 1.1\n---\na: NO\n") == [("C008", 2, 1)]
    assert noted("%YAML 1.2\n---\na: NO\n") == []


def test_a_second_document_is_refused():
    problem = refused(b"a: 1\n---\nb: 2\n")
    assert (problem.code, problem.place.line) == ("C008", 2)


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"# only words\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_says_so(raw: bytes):
    assert refused(raw).code == "C005"


@pytest.mark.parametrize("raw", [b"- a\n", b"text\n", b"[a]\n", b"12\n", b"''\n"])
def test_a_file_that_is_no_mapping_is_refused(raw: bytes):
    assert refused(raw).code == "C006"


def test_bytes_that_are_not_utf_8_are_placed():
    problem = refused("a: 1\nb: é\n".encode("latin-1"))
    assert (problem.code, problem.place.line, problem.place.column) == ("C003", 2, 4)


def test_a_control_character_is_refused_and_never_shown():
    problem = refused(b"a: 1\nb: x\x1b[31m\n")
    assert (problem.code, problem.place.line, problem.place.column) == ("C003", 2, 5)
    assert "\x1b" not in problem.render()


@pytest.mark.parametrize("escape", [r"\x1b", r"\0", r"\uD800", r"\u202E", r"\x9b"])
def test_an_escaped_control_character_is_refused_too(escape: str):
    document = read_yaml(f'a: "{escape}"\n'.encode(), "f.yaml")
    assert [p.code for p in document.problems] == ["C014"]
    assert document.data["a"] == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "text", ["a: [b\n", "a: b: c\n", "a: 'b\n", "\ta: 1\n", "a: @x\n", 'a: "\\UFFFFFFFF"\n', "}\n"]
)
def test_what_is_not_yaml_is_refused(text: str):
    assert refused(text.encode()).code == "C004"


def test_mistakes_before_a_syntax_error_are_reported_with_it():
    with pytest.raises(BadInput) as caught:
        read_yaml(b"a: 1\na: 2\nb: [\n", "f.yaml")
    assert [p.code for p in caught.value.problems] == ["C007", "C004"]


def test_a_list_as_a_key_is_refused():
    assert refused(b"? [a]\n: b\n").code == "C013"


def test_a_number_of_hundreds_of_digits_is_refused():
    assert noted(f"a: {'9' * 400}\nb: .inf\nc: -.INF\nd: .nan\ne: 1e999\n") == [("C014", n, 4) for n in range(1, 6)]


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "x" * MAX_BYTES,
        "a: " + "x" * MAX_LINE,
        "a: " + "[" * (MAX_DEPTH + 1),
        "".join(" " * n + "a:\n" for n in range(MAX_DEPTH + 2)),
        "a:\n" + "- x\n" * MAX_NODES,
    ],
    ids=["bytes", "line", "flow depth", "block depth", "nodes"],
)
def test_a_file_beyond_a_limit_is_refused(text: str):
    assert refused(text.encode()).code == "C002"


def test_a_file_within_the_limits_is_read():
    assert len(read_yaml(("a:\n" + "- x\n" * (MAX_NODES - 2)).encode(), "f").data["a"]) == MAX_NODES - 2
