"""The small pieces of SQL that kernels share."""

from __future__ import annotations

import duckdb
import pytest

from checks import sql

CTE = "given AS (SELECT n + 1 AS n FROM given)"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("SELECT sum(n) FROM given", 5),
        ("WITH few AS (SELECT n FROM given WHERE n > 2) SELECT sum(n) FROM few", 3),
        ("SELECT sum(n) FROM other", 7),
    ],
)
def test_a_step_stands_before_a_statement_that_speaks_of_it(statement: str, found: int) -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE given AS FROM (VALUES (1), (2)) AS v(n); CREATE TABLE other AS SELECT 7 AS n")
        assert connection.execute(sql.after(CTE, statement)).fetchall() == [(found,)]
    assert (CTE in sql.after(CTE, statement)) is ("given" in statement)


@pytest.mark.parametrize(
    ("company", "told", "same"),
    [
        ("Vendor Ltd", "vendor limited", True),
        ("Vendor Ltd", "Vendor", True),
        ("Vendor Ltd", "Vendor Parts Ltd", False),
        ("Vendor Pte. Limited", "Vendor Pte Limited", True),
        ("Vendor Inc. LLC", "Vendor, Inc LLC", True),
        ("Vendor S/A", "Vendor S A", True),
        ("Vendor GmbH & Co. KG", "Vendor GmbH & Co KG", True),
        ("Ten-Ten Co. Pte. Ltd.", "Ten Ten Co Pte Ltd", True),
        ("Ten-Ten Co. Pte. Ltd.", "Ten Co Pte Ltd", False),
    ],
)
def test_a_company_is_known_by_its_name_whatever_its_legal_form_is_said_to_be(
    company: str, told: str, same: bool
) -> None:
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(f"SELECT {sql.spelt_like('told', company)} FROM (SELECT ? AS told)", [told])
        assert found.fetchall() == [(same,)]
