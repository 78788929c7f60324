"""The lists that judging looks things up in: regions with their countries, and features with their eligibility.

An audit judges with the shipped ones and seals them; a replay judges with the sealed ones, so that a newer list does
not change an old answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from checks.feature_eligibility import Feature, features_bytes, parse_features
from checks.regions import Region, catalogue_bytes, parse_regions


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The lists of one audit; `features` are those of every vendor."""

    regions: tuple[Region, ...]
    features: tuple[Feature, ...]


def read_catalogues(regions: bytes, features: bytes) -> Catalogues:
    """Return the lists in the files that a bundle carries; ProbityError names a file that is not such a list."""
    return Catalogues(parse_regions(regions), parse_features(features))


@cache
def shipped() -> Catalogues:
    """Return the lists that this version judges with."""
    return read_catalogues(catalogue_bytes(), features_bytes())
