"""The shipped list of features eligible for zero retention says one thing about each name."""

from __future__ import annotations

from collections import Counter

from checks.feature_eligibility import features, written


def test_every_name_belongs_to_one_feature() -> None:
    names = Counter((f.what, name) for f in features("anthropic") for name in set(f.names))
    assert [name for name, count in names.items() if count > 1] == []


def test_a_name_is_known_however_its_words_are_joined() -> None:
    assert {"prompt caching", "prompt-caching", "prompt_caching"} <= set(written("Prompt caching"))


def test_what_keeps_content_is_not_eligible() -> None:
    kept = {f.names[0] for f in features("anthropic") if f.eligible == "no"}
    assert {"batch processing", "files api", "code execution"} <= kept


def test_messages_are_counted_as_requests_and_their_options_are_not() -> None:
    entry = {f.names[0] for f in features("anthropic") if f.entry}
    assert "messages api" in entry
    assert "citations" not in entry


def test_a_vendor_without_a_list_has_no_features() -> None:
    assert features("nobody") == ()
