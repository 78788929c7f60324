"""The page on sealing names every reason for which seals are refused, and no others."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sealing.md").read_text(encoding="utf-8")
ROOMS = (
    "layout.py",
    "archive.py",
    "timestamp.py",
    "cades.py",
    "ltv.py",
    "steps/time.py",
    "steps/cades.py",
    "steps/dsse.py",
)


def test_page_names_every_reason_of_the_rooms_that_check_seals() -> None:
    code = "".join((ROOT / "evidence" / room).read_text(encoding="utf-8") for room in ROOMS)
    raised = set(re.findall(r'(?:BadContainer|BadTimestamp|BadSignature)\(\s*"([A-Z0-9_]+)"', code))
    needed = set(re.findall(r'"((?:STAMP|ARCHIVE|LTV)_[A-Z]+)"\)', code))
    refused = {"UNLISTED_MEMBER", "STAMP_REFUSED"}  # the first is about any member, the second is met when sealing
    assert {reason for reason in raised | needed - refused if f"`{reason}`" not in PAGE} - refused == set()


def test_page_names_no_reason_that_does_not_exist() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "evidence").rglob("*.py"))
    made = {f"{start}_{word}" for start in ("STAMP", "CADES") for word in re.findall(r'"([A-Z_]{4,})"', code)}
    table = PAGE[PAGE.index("## Why a bundle is refused") :]
    named = set(re.findall(r"`([A-Z0-9_]+)`", table))
    assert {reason for reason in named if f'"{reason}"' not in code and reason not in made} == set()
