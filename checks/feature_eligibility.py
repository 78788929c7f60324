"""The shipped list of features that a vendor lets its customers use with zero data retention."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from checks import sql
from evidence.errors import ProbityError

#: The day on which the vendors' pages were read.
READ_ON = "2026-08-22"
Eligible = Literal["yes", "limited", "no"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature or model with all its names as APIs write them; `entry` when a request is counted as a use of it."""

    vendor: str
    what: Literal["feature", "model"]
    names: tuple[str, ...]
    eligible: Eligible
    entry: bool
    because: str


def written(name: str) -> tuple[str, ...]:
    """Return the ways in which APIs write a name, in lower case: its words apart, or joined by a dash or a line."""
    words = name.casefold().replace("-", " ").split()
    return tuple(dict.fromkeys((name.casefold(), *(joint.join(words) for joint in (" ", "-", "_")))))


def features_bytes() -> bytes:
    """Return the shipped list as it goes into a bundle."""
    return resources.files("checks").joinpath("zdr_features.csv").read_bytes()


def parse_features(data: bytes) -> tuple[Feature, ...]:
    """Return the features and models of a list in its order; ProbityError when it is not one."""
    try:
        lines = data.decode().splitlines()
        return tuple(
            Feature(
                row["vendor"],
                "model" if row["what"] == "model" else "feature",
                tuple(w for n in (row["name"], *filter(None, row["also"].split(";"))) for w in written(n)),
                "yes" if row["eligible"] == "yes" else "no" if row["eligible"] == "no" else "limited",
                row["entry"] == "yes",
                row["because"],
            )
            for row in csv.DictReader((line for line in lines if not line.startswith("#")), strict=True)
        )
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as cause:
        raise ProbityError(f"the list of features cannot be read: {cause!r}") from cause


def listed(features: Iterable[Feature], vendor: str) -> str:
    """Return the common table expression `eligibility (name, eligible, entry, because)` of a vendor's features."""
    return sql.rows(
        "eligibility",
        ("name", "eligible", "entry", "because"),
        [
            (sql.text(name), sql.text(f.eligible), sql.text("yes" if f.entry else "no"), sql.text(f.because))
            for f in features
            if f.vendor == vendor and f.what == "feature"
            for name in dict.fromkeys(f.names)
        ],
    )


def keeping_models(features: Iterable[Feature], vendor: str) -> str:
    """Return the common table expression `keeping (part)` of what stands in the name of a model that keeps content."""
    names = {name for f in features if f.vendor == vendor and f.what == "model" for name in f.names}
    return sql.rows("keeping", ("part",), [(sql.text(name),) for name in sorted(names)])
