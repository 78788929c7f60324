"""The shipped list of features eligible for zero retention says one thing about each name."""

from __future__ import annotations

from collections import Counter

import pytest

from checks.catalogues import read_catalogues, shipped
from checks.feature_eligibility import features_bytes, listed, parse_features, written
from checks.regions import catalogue_bytes
from evidence.errors import ProbityError


def test_every_name_belongs_to_one_feature() -> None:
    names = Counter((f.what, name) for f in shipped().features for name in set(f.names))
    assert [name for name, count in names.items() if count > 1] == []


def test_a_name_is_known_however_its_words_are_joined() -> None:
    assert {"prompt caching", "prompt-caching", "prompt_caching"} <= set(written("Prompt caching"))


def test_what_keeps_content_is_not_eligible() -> None:
    kept = {f.names[0] for f in shipped().features if f.eligible == "no"}
    assert {"batch processing", "files api", "code execution"} <= kept


def test_messages_are_counted_as_requests_and_their_options_are_not() -> None:
    entry = {f.names[0] for f in shipped().features if f.entry}
    assert "messages api" in entry
    assert "citations" not in entry


def test_a_vendor_without_a_list_has_no_features() -> None:
    assert "VALUES" not in listed(shipped().features, "nobody")


def test_a_list_is_read_from_its_bytes_and_not_from_this_version() -> None:
    changed = features_bytes().replace(b"Prompt caching,prompt cache,yes", b"Prompt caching,prompt cache,no")
    assert parse_features(changed) != shipped().features


@pytest.mark.parametrize("damaged", [b"\xff", b"vendor,what\na,b\n", b'vendor,what\n"'])
def test_a_file_that_is_no_list_is_named(damaged: bytes) -> None:
    with pytest.raises(ProbityError, match="list of features cannot be read"):
        read_catalogues(catalogue_bytes(), damaged)


def test_a_region_without_a_readable_date_is_refused() -> None:
    with pytest.raises(ProbityError, match="region catalogue cannot be read"):
        read_catalogues(catalogue_bytes() + b"aws,x,DE,aws,yesterday\n", features_bytes())
