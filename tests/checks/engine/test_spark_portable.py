"""What passes the translation means the same on both engines; what was never compared is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks.engine.duck import DuckEngine
from checks.engine.portable import spark_script, spark_sql
from checks.engine.portable_text import NEW_CAPITALS, NONCHARACTERS
from evidence.errors import ProbityError
from evidence.families import family
from evidence.families.arrow import arrow_schema
from tests.checks.engine.spark_desk import SparkDesk

Both = Callable[[str], tuple[list[tuple[object, ...]], list[tuple[object, ...]]]]

#: Values over which the engines could part: nulls, cases, spaces, percent signs, backslashes, long names.
VALUES = (
    "(VALUES (1, 'Straße ', NULL), (2, NULL, 7), (3, ' ΟΔΟΣ', 0), (-7, 'a\\b%c', -3), (NULL, 'İstanbul', 2), "
    "(5, '\u00a0x\u3000', NULL), (6, 'abc' || chr(10), 4)) AS t(a, b, c)"
)

SAME_ON_BOTH = (
    f"SELECT a, lower(b), upper(b), length(b), trim(b), rtrim(b, ' x') FROM {VALUES}",
    f"SELECT a, b LIKE 'a\\b%', b NOT LIKE '%c', b LIKE '%\\%' FROM {VALUES}",
    f"SELECT a, regexp_matches(b, '^[a-z]{{1,9}}$'), starts_with(b, 'a'), contains(b, '%') FROM {VALUES}",
    f"SELECT a, replace(b, 'a', ''), split_part(b, 'b', 2), sha256(b), lpad(b, 3, '0'), chr(65) FROM {VALUES}",
    f"SELECT a, a / 2, a // 2, a % 3, -a, abs(a), CAST(floor(a / 2) AS BIGINT) FROM {VALUES}",
    f"SELECT a, greatest(a, c), least(a, c), coalesce(c, a), nullif(a, 1), a IS DISTINCT FROM c FROM {VALUES}",
    f"SELECT a, CAST(a AS VARCHAR) || ':' || b, a BETWEEN 1 AND 3, a NOT IN (1, 2), c IN (7, NULL) FROM {VALUES}",
    f"SELECT a, a IN (SELECT c FROM {VALUES}) AS k, a NOT IN (SELECT c FROM {VALUES}) AS n FROM {VALUES}",
    f"SELECT a, coalesce(a NOT IN (SELECT c FROM {VALUES} WHERE c > 0), true) AS n FROM {VALUES}",
    f"SELECT a, a IN (SELECT c FROM {VALUES} WHERE c > 90) AS k FROM {VALUES}",
    f"SELECT count(*) FROM {VALUES} WHERE a NOT IN (SELECT c FROM {VALUES})",
    f"SELECT a FROM {VALUES} WHERE a NOT IN (SELECT c FROM {VALUES} WHERE c > 0) OR a = 2",
    f"SELECT count(*), count(c), count(DISTINCT c), sum(c), min(b), max(a) FROM {VALUES}",
    f"SELECT bool_or(c > 0), bool_and(c > 0) FROM {VALUES}",
    f"SELECT max_by(b, c), min_by(b, c), max_by(c, a), count(*) FILTER (WHERE c > 0) FROM {VALUES}",
    "SELECT max_by(v, struct_pack(x := x, y := y)) FROM "
    "(VALUES (1, 1, NULL), (2, 1, 'b'), (3, NULL, 'a')) AS t(v, x, y)",
    "SELECT g, struct_extract(m, 'x') AS x, struct_extract(m, 'y') AS y FROM ("
    "SELECT g, max(struct_pack(x := x, y := y)) AS m FROM (VALUES (1, 1, NULL), (1, 1, 'b'), (2, NULL, 'a'), "
    "(2, 7, 'b'), (3, 3, 'b'), (3, 3, 'a')) AS t(g, x, y) GROUP BY g) AS w",
    f"SELECT a, row_number() OVER (ORDER BY a DESC NULLS LAST), lag(a) OVER (ORDER BY a NULLS FIRST) FROM {VALUES}",
    f"SELECT a, sum(c) OVER (ORDER BY a NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) FROM {VALUES}",
    f"SELECT a FROM {VALUES} ORDER BY c DESC NULLS LAST, a LIMIT 3",
    f"SELECT a % 2 AS p, count(*) FROM {VALUES} GROUP BY 1 HAVING count(*) > 1",
    f"SELECT g.p, (SELECT count(*) FROM {VALUES} WHERE c > g.p) AS n FROM "
    f"(SELECT a % 2 AS p FROM {VALUES}) AS g GROUP BY g.p",
    f"WITH x AS (SELECT a FROM {VALUES}), y AS (SELECT a + 1 AS a FROM x) "
    "SELECT x.a, y.a FROM x LEFT JOIN y ON y.a = x.a",
    f"WITH x AS (SELECT a FROM {VALUES}) SELECT * FROM (WITH x AS (SELECT a + 10 AS a FROM x) SELECT a FROM x) AS i",
    f"WITH run AS (SELECT a AS digest FROM {VALUES}) SELECT count(CASE WHEN EXISTS (SELECT 1 FROM "
    "(SELECT 'x' AS run, 5 AS d) AS v WHERE v.d = run.digest) THEN 1 END) FROM run",
    "WITH x AS (SELECT g, list(h) AS hs FROM (VALUES (1, 'a'), (1, 'b'), (2, 'c')) AS t(g, h) GROUP BY g) "
    "SELECT g, list_contains(hs, 'b') FROM x",
    f"SELECT kind, n FROM (SELECT 'a' AS kind, (SELECT count(*) FROM {VALUES} WHERE t.a > v.a) AS n FROM "
    f"(SELECT a FROM {VALUES} UNION ALL SELECT c FROM {VALUES}) AS v) AS w",
    "SELECT 'lists', len(scope), list_contains(scope, 'x'), len(list_filter(scope, lambda s: s LIKE 'x%')), "
    "coalesce(len(defects), 0), list_contains(coalesce(defects, []), 'a') FROM deletion_triggers",
    "SELECT record, unnest(data) AS d FROM (SELECT trigger_id AS record, scope AS data FROM deletion_triggers) AS s",
)

REFUSED = (
    ("SELECT regexp_extract(b, 'a') FROM t", "RegexpExtract"),
    ("SELECT regexp_matches(b, 'a.*') FROM t", "only"),
    ("SELECT regexp_matches(b, '^a$', 'i') FROM t", "never compared"),
    ("SELECT b LIKE 'a' ESCAPE 'x' FROM t", "Escape"),
    ("SELECT b LIKE c FROM t", "literal"),
    ("SELECT CAST(a AS DOUBLE) FROM t", "casts"),
    ("SELECT floor(a) FROM t", "quotient"),
    ("SELECT (a, b) IN (SELECT a, b FROM t) FROM t", "tuples"),
    ("SELECT count(DISTINCT (a, b)) FROM t", "tuples"),
    ("SELECT split_part(b, 'x', -1) FROM t", "front"),
    ("SELECT chr(300) FROM t", "ASCII"),
    ("SELECT md5(b) FROM t", "MD5"),
    ("SELECT list(b ORDER BY a) AS l FROM t GROUP BY c", "never compared"),
    ("WITH x AS (SELECT list(b) AS l FROM t GROUP BY c) SELECT l[1] FROM x", "never compared"),
    ("WITH x AS (SELECT list(b) AS l FROM t GROUP BY c) SELECT len(l) FROM x", "order"),
    ("WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a FROM x) SELECT a FROM x", "With"),
    ("SELECT date_trunc('month', a) FROM t", "never compared"),
    ("SELECT DISTINCT ON (a) b FROM t", "never compared"),
    ("SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1", "never compared"),
    ("SELECT a FROM t USING SAMPLE 1", "never compared"),
    ("SELECT max_by(a, b, 2) FROM t", "never compared"),
    ("SELECT lag(a, 2, 0) OVER (ORDER BY a) FROM t", "never compared"),
    ("SELECT a FROM t ASOF JOIN u ON t.a >= u.a", "never compared"),
    ("SELECT * EXCLUDE (a) FROM t", "never compared"),
    ("SELECT lpad(b, a, '0') FROM t", "literal"),
)


@pytest.fixture(scope="module")
def both(spark: SparkDesk, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], object]:
    schema = arrow_schema_of("deletion_triggers")
    rows = [(["x", None], ["a"]), (["xy", "z"], []), (None, None), ([], ["b"])]
    part = tmp_path_factory.mktemp("lists") / "part.parquet"
    columns = {name: [None] * len(rows) for name in schema.names}
    columns |= {"scope": [r[0] for r in rows], "defects": [r[1] for r in rows], "trigger_id": list("abcd")}
    pq.write_table(pa.table(columns, schema=schema), part)
    tables = {"deletion_triggers": [part]}

    def ask(sql: str) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        with DuckEngine(tables) as duck, spark.engine(tables) as other:
            return sorted(duck.query(sql), key=repr), sorted(other.query(sql), key=repr)

    return ask


def arrow_schema_of(name: str) -> pa.Schema:
    return arrow_schema(family(name))


@pytest.mark.spark
@pytest.mark.parametrize("sql", SAME_ON_BOTH)
def test_a_construct_that_passes_gives_the_same_rows(sql: str, both: Both) -> None:
    duck, spark = both(sql)
    assert spark == duck
    assert duck


@pytest.mark.parametrize(("sql", "why"), REFUSED)
def test_a_construct_that_was_never_compared_is_refused(sql: str, why: str) -> None:
    with pytest.raises(ProbityError, match=f"(?i)not portable to Spark.*{why}"):
        spark_sql(sql)


def test_an_expression_that_nothing_reads_is_left_out_and_one_read_twice_is_computed_once() -> None:
    script = spark_script("WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a), c AS (SELECT 2) SELECT * FROM b, b AS d")
    assert [(step.shared, "step_0" in step.sql) for step in script.steps] == [(False, False), (True, True)]


@pytest.mark.spark
def test_every_character_is_lowered_raised_counted_and_trimmed_alike(spark: SparkDesk, tmp_path: Path) -> None:
    """Those of the first two planes, where all letters with a case are.

    Save the few that stand in for letters while Spark changes their case; no text of a log has them.
    """
    standing = set(map(ord, NONCHARACTERS))
    codes = [code for code in range(1, 0x20000) if not 0xD800 <= code <= 0xDFFF and code not in standing]
    schema = arrow_schema_of("deletion_triggers")
    columns: dict[str, list[object]] = {name: [None] * len(codes) for name in schema.names}
    columns |= {"trigger_id": [chr(code) for code in codes]}
    pq.write_table(pa.table(columns, schema=schema), tmp_path / "part.parquet")
    tables = {"deletion_triggers": [tmp_path / "part.parquet"]}
    letter = "trigger_id AS c FROM deletion_triggers"
    said = (
        "lower(c) || lower('A' || c || 'B') || upper(c) || upper('a' || c || 'b') || trim(c || 'x' || c) || "
        "CAST(length(c) AS VARCHAR)"
    )
    # A digest for each block of letters, because an engine returns no more rows than it must.
    block = "min(sha256(s)) || max(sha256(s)) || CAST(count(DISTINCT s) AS VARCHAR)"
    sql = f"SELECT {block} FROM (SELECT {said} AS s, sha256(c) AS b FROM (SELECT {letter}) AS t) AS u GROUP BY"
    sql += " lpad(b, 3, '0')"
    with DuckEngine(tables, memory_limit="2GB") as duck, spark.engine(tables) as other:
        assert sorted(other.query(sql)) == sorted(duck.query(sql))
    assert len(NEW_CAPITALS) == len(NONCHARACTERS)
