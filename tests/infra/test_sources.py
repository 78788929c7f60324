"""Sources are found by themselves, and the documentation names exactly what the code has."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from evidence.families import all_families
from evidence.model import Assurance
from infra.aws_answers import MAX_PAGES
from infra.bucket_objects import MAX_OBJECTS
from infra.inventory_rows import MAX_OBJECTS as MOST_LISTED
from infra.invocation_rows import MAX_REQUESTS
from infra.limits import GIB, KIB, MIB, Limits
from infra.s3_inventory import MAX_SNAPSHOTS
from infra.sources import discover

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")


def table(heading, page=PAGE):
    section = page.split(f"\n## {heading}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip("| `"): row for row in rows}


def test_every_source_is_found():
    assert list(discover()) == [
        *(
            "anthropic",
            "audits",
            "bedrock",
            "bundles",
            "cloudtrail",
            "documents",
            "files",
            "mailbox",
            "openai",
            "probe",
            "s3",
            "statuspage",
        ),
    ]


def test_every_family_has_a_provider():
    assert frozenset().union(*(source.provides for source in discover().values())) == set(all_families())


def test_the_page_lists_exactly_the_sources():
    listed = table("Sources")
    assert set(listed) == set(discover())
    for kind, source in discover().items():
        assert set(re.findall(r"`(\w+)`", listed[kind][1])) == set(source.model_fields) - {"kind"}


def test_the_page_lists_exactly_the_families():
    assert set(table("Record families")) == set(all_families())


@pytest.mark.parametrize("name", sorted(all_families()))
def test_the_page_lists_exactly_the_columns_of_a_family(name):
    listed = re.findall(r"`(\w+\??)`", table("Record families")[name][2])
    assert listed == [f"{column.name}{'' if column.needed else '?'}" for column in all_families()[name].columns]


def test_the_page_states_the_limits_of_the_code():
    limits = Limits()
    assert (limits.artefact, limits.log_object, limits.document) == (16 * GIB, 2 * GIB, 100 * MIB)
    assert (limits.inflation, limits.inflated_free, limits.inflated) == (250, 64 * MIB, 256 * GIB)
    assert (limits.line, limits.record, limits.files) == (16 * MIB, 4 * MIB, 100_000)
    assert (MAX_REQUESTS, MAX_PAGES) == (5_000_000, 1_000)
    assert (MAX_OBJECTS, MAX_SNAPSHOTS, MOST_LISTED) == (1_000_000, 500, 2_000_000)
    assert (limits.parquet_rows, limits.places, limits.problems, 128 * KIB) == (1_000_000_000, 100, 100, 131_072)


@pytest.mark.parametrize("kind", ["files", "cloudtrail"])
def test_a_source_is_attested_unless_it_says_otherwise(kind):
    assert discover()[kind].model_validate({"kind": kind, "path": "x"}).assurance is Assurance.ATTESTED


@pytest.mark.parametrize("settings", [{}, {"path": ""}, {"path": "x", "bucket": "y"}, {"path": "x", "kind": "other"}])
def test_settings_are_closed(settings):
    with pytest.raises(ValidationError):
        discover()["files"].model_validate(settings)
