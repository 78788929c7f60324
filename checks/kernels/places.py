"""Where a region code lies: the shipped catalogue, extended by evidence and never contradicted by it."""

from __future__ import annotations

from collections.abc import Iterable

from checks import sql
from checks.regions import COUNTRIES, Region


def places(catalogue: Iterable[Region]) -> str:
    """Return the CTEs `place` (by provider and code) and `anywhere` (by code alone) of country and countries.

    `place` also has `shown`, both for a reader. A code for which `countries` is more than one is stated in several and
    lies in none of them for certain.
    """
    shipped = sql.rows(
        "shipped",
        ("provider", "region_code", "country", "valid_from"),
        [
            (
                sql.text(r.provider),
                sql.text(r.code),
                sql.text(r.country),
                "NULL" if r.valid_from is None else str(r.valid_from),
            )
            for r in catalogue
        ],
    )
    return f"""{shipped},
stated AS (
  SELECT DISTINCT lower(provider) AS provider, lower(region_code) AS region_code, country, valid_from
  FROM region_catalogue WHERE provider IS NOT NULL AND region_code IS NOT NULL
    AND country IN {sql.texts(COUNTRIES)} AND NOT ({sql.defective()})),
place AS (
  SELECT provider, region_code, min(country) AS country, count(DISTINCT country) AS countries,
         min(country) || ' (' || region_code || ')' AS shown, CAST(max(valid_from) AS BIGINT) AS valid_from
  FROM (SELECT provider, region_code, country, CAST(valid_from AS INTEGER) AS valid_from FROM shipped UNION ALL
        SELECT provider, region_code, country, valid_from FROM stated UNION ALL
        SELECT e.provider, e.region_code, k.country, CAST(k.valid_from AS INTEGER)
        FROM stated AS e JOIN shipped AS k ON k.region_code = e.region_code) AS known
  GROUP BY provider, region_code),
anywhere AS (
  SELECT region_code, min(country) AS country, count(DISTINCT country) AS countries FROM place GROUP BY region_code)"""
