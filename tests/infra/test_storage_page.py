"""The page on storage: its examples are valid, and it names every refusal and every role."""

from __future__ import annotations

import re
from pathlib import Path

from checks.yaml12 import read_yaml
from infra.store_s3 import S3Store
from tests.infra.test_policies import ROLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "storage.md").read_text(encoding="utf-8")


def test_example_of_a_store_is_one() -> None:
    (example,) = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "kind: s3" in block]
    written = read_yaml(example.replace("…", "111122223333:key/k").encode(), "page").data
    assert S3Store.model_validate(written["store"]).retain == "10y"


def test_page_names_every_refusal_of_the_store() -> None:
    code = "".join((ROOT / "infra" / name).read_text() for name in ("locked_bucket.py", "s3.py"))
    raised = set(re.findall(r'"(S0[0-9]{2}|STORED_[A-Z]+)"', code))
    assert raised == set(re.findall(r"`(S0[0-9]{2}|STORED_[A-Z]+)`", PAGE))


def test_page_names_every_role() -> None:
    table = PAGE[PAGE.index("| role |") :]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(ROLES)
