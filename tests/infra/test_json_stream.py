"""Records out of any form of JSON: one bad record costs that record."""

import io
import json
import random

import pytest

from infra.json_stream import Broken, JsonStream
from infra.limits import Limits


def read(text, limits=None, step=None):
    data = text if isinstance(text, bytes) else text.encode()
    stream = JsonStream(Dripping(data, step) if step else io.BytesIO(data), limits or Limits())
    found = list(stream.records())
    return [("broken", f.count) if isinstance(f, Broken) else f for f in found], stream.damage


class Dripping(io.BytesIO):
    """Gives a few bytes at a time, as a decompressor does."""

    def __init__(self, data, step):
        super().__init__(data)
        self._step = step

    def read1(self, size=-1):
        return super().read1(min(size, self._step) if size > 0 else self._step)


ONE, TWO = {"eventID": "1", "n": {"deep": [1, 2, {}]}}, {"eventID": "2", "text": 'a "quoted" \\ {[,]} ü'}
BOTH = [ONE, TWO]
FORMS = {
    "document": json.dumps({"Records": BOTH}),
    "pretty document": json.dumps({"Records": BOTH}, indent=2),
    "document with other members": json.dumps({"Records": BOTH, "NextToken": "x", "Other": {"a": [1]}}),
    "document with other members first": json.dumps({"NextToken": "x", "Records": BOTH}),
    "lookup events": json.dumps({"Events": BOTH}),
    "bare array": json.dumps(BOTH),
    "pretty array": json.dumps(BOTH, indent=4),
    "lines": "\n".join(map(json.dumps, BOTH)),
    "lines with blank ones": "\r\n\r\n".join(map(json.dumps, BOTH)) + "\r\n",
    "values without separation": "".join(map(json.dumps, BOTH)),
    "pretty values": "\n".join(json.dumps(r, indent=1) for r in BOTH),
    "a document a line": "\n".join(json.dumps({"Records": [r]}) for r in BOTH),
    "mixed": json.dumps([ONE]) + "\n" + json.dumps({"Records": []}) + json.dumps(TWO),
    "byte order mark": "\ufeff" + json.dumps(BOTH),
}


@pytest.mark.parametrize("step", [None, 1, 7])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_records(form, step):
    assert read(FORMS[form], step=step) == (BOTH, None)


@pytest.mark.parametrize("text", ["", "  \n ", "[]", '{"Records": []}', '{"Records":[]}\n'])
def test_nothing_is_no_record(text):
    assert read(text) == ([], None)


BAD_ELEMENTS = [
    '{"a": 1,, "b": 2}',
    '{"a": }',
    "{'a': 1}",
    '{"a": 1, "a": 2}',
    '{"a": NaN}',
    '{"a": [1, {"b": "}]"}, oops]}',
    '{"a": {"x": 1, "x": 2}, oops}',
    '{"a": tru}',
    '{"a": "tab\there"}',
    '{"a": "\\q"}',
    "nonsense",
    '{"n": ' + "9" * 5000 + "}",
    '{"a": ' + "[" * 5000 + "]" * 5000 + "}",
]


@pytest.mark.parametrize("step", [None, 5])
@pytest.mark.parametrize("bad", BAD_ELEMENTS)
def test_a_bad_element_of_an_array_costs_only_itself(bad, step):
    text = f'{{"Records": [{json.dumps(ONE)}, {bad}, {json.dumps(TWO)}]}}'
    assert read(text, step=step) == ([ONE, ("broken", 1), TWO], None)


@pytest.mark.parametrize("step", [None, 5])
@pytest.mark.parametrize("bad", [*BAD_ELEMENTS, '{"a": "cut', '{"a": {"b": 1},', "2025-06-02 plain log text"])
def test_a_bad_line_costs_only_itself(bad, step):
    text = "\n".join([json.dumps(ONE), bad, json.dumps(TWO), ""])
    assert read(text, step=step) == ([ONE, ("broken", 1), TWO], None)


def test_a_line_cut_inside_a_member_costs_only_itself_when_others_follow():
    text = "\n".join(['{"a": ', json.dumps(ONE), json.dumps(TWO)])
    assert read(text) == ([("broken", 1), ONE, TWO], None)


@pytest.mark.parametrize("text", ['{"a": \n{"b": 1}', '[{"a": [1}, {"b": 1}]'])
def test_structure_that_never_closes_is_damage_and_not_silence(text):
    found, damage = read(text)
    assert damage is not None
    assert {"b": 1} not in found


def test_every_bad_line_counts():
    assert read("one\ntwo\nthree\n" + json.dumps(ONE)) == ([("broken", 3), ONE], None)


def test_a_damaged_pretty_object_is_one_record():
    text = json.dumps({"a": 1, "b": {"c": 2}}, indent=2).replace("2", "2,,") + "\n" + json.dumps(ONE)
    assert read(text) == ([("broken", 1), ONE], None)


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}, {"b"',
        '[{"a": 1}, {"b": "x',
        '[{"a": 1},',
        '[{"a": 1}',
        '{"Records": [{"a": 1}]',
        '{"a": 1}\n{"b": "',
    ],
)
def test_a_cut_file_keeps_what_was_read_and_says_so(text):
    found, damage = read(text)
    assert found == [{"a": 1}]
    assert "middle" in damage


@pytest.mark.parametrize("cut", range(1, 60))
def test_no_cut_of_a_document_passes_as_whole(cut):
    text = '{"Records": [{"a": "b"}, {"c": [1, {}]}], "d": 1}    '.rstrip()
    found, damage = read(text[:-cut] if cut < len(text) else "[")
    assert damage is not None or any(f == ("broken", 1) for f in found)


def test_a_second_list_of_records_is_not_dropped_silently():
    assert read('{"Records": [{"a": 1}], "Records": [{"b": 1}, {"c": 1}]}')[0] == [{"a": 1}, ("broken", 2)]


def test_missing_commas_are_noticed():
    found, _ = read('[{"a": 1} {"b": 2}, {"c": 3}]')
    assert found == [{"a": 1}, ("broken", 1), {"c": 3}]


@pytest.mark.parametrize("form", ["array", "lines"])
def test_a_record_above_the_limit_costs_only_itself(form):
    big = json.dumps({"big": "x" * 5_000_000})
    small = Limits(record=1000)
    text = (
        f"[{json.dumps(ONE)},{big},{json.dumps(TWO)}]"
        if form == "array"
        else f"{json.dumps(ONE)}\n{big}\n{json.dumps(TWO)}"
    )
    assert read(text, small) == ([ONE, ("broken", 1), TWO], None)


def test_lines_inside_an_endless_value_are_counted():
    text = '{"k": [\n' + '{"a": 1},\n' * 1000
    found, damage = read(text, Limits(record=1000))
    assert sum(1 if isinstance(f, dict) else f[1] for f in found) >= 1000 or damage


def test_bytes_that_are_not_utf8_cost_no_other_record():
    found, damage = read(b'{"a": "\xff"}\n{"b": 1}')
    assert damage is None
    assert found[1] == {"b": 1}


@pytest.mark.parametrize("form", FORMS)
def test_how_the_bytes_arrive_changes_nothing(form):
    chance = random.Random(form)
    for _ in range(60):
        data = bytearray(FORMS[form].encode())
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 3)] = bytes(chance.choices(b'{}[]",:\\\n x1\xff', k=chance.randint(0, 3)))
        at_once, slowly = read(bytes(data)), read(bytes(data), step=chance.choice([1, 3, 50]))
        assert at_once == slowly
