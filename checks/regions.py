"""The shipped catalogue of cloud regions with the country each lies in, and the jurisdictions contracts name."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from importlib import resources

from evidence.errors import ProbityError

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

#: Every country code of ISO 3166-1 alpha-2; what is none of them places nothing.
COUNTRIES = tuple(  # a text, because 249 quoted literals would bury the code
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()  # noqa: SIM905
)

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


def parse_regions(data: bytes) -> tuple[Region, ...]:
    """Return the regions of a catalogue file in its order; ProbityError when it is not one."""
    try:
        lines = data.decode().splitlines()
        return tuple(
            Region(
                r["provider"],
                r["region_code"],
                r["country"],
                r["partition"],
                (date.fromisoformat(r["valid_from"]) - _EPOCH).days if r["valid_from"] else None,
            )
            for r in csv.DictReader((line for line in lines if not line.startswith("#")), strict=True)
        )
    except (ValueError, KeyError, TypeError, csv.Error) as cause:
        raise ProbityError(f"the region catalogue cannot be read: {cause!r}") from cause
