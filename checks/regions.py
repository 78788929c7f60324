"""The shipped catalogue of cloud regions with the country each lies in, and the jurisdictions contracts name."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

#: Member states of the European Union (ISO 3166-1 alpha-2), since 2020-02-01.
EU = (
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "ES",
    "FI",
    "FR",
    "GR",
    "HR",
    "HU",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
)
#: The European Economic Area: the Union, Iceland, Liechtenstein and Norway. Not the United Kingdom, not Switzerland.
EEA = tuple(sorted((*EU, "IS", "LI", "NO")))
JURISDICTIONS = {"EU": EU, "EEA": EEA}

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Region:
    """One region code of a provider; `valid_from` is in days since 1970, or None when it predates every contract."""

    provider: str
    code: str
    country: str
    partition: str
    valid_from: int | None


def catalogue_bytes() -> bytes:
    """Return the shipped catalogue file as it goes into a bundle."""
    return resources.files("checks").joinpath("regions.csv").read_bytes()


@cache
def catalogue() -> tuple[Region, ...]:
    """Return the shipped regions in file order."""
    lines = catalogue_bytes().decode().splitlines()
    return tuple(
        Region(
            r["provider"],
            r["region_code"],
            r["country"],
            r["partition"],
            (date.fromisoformat(r["valid_from"]) - _EPOCH).days if r["valid_from"] else None,
        )
        for r in csv.DictReader(line for line in lines if not line.startswith("#"))
    )
