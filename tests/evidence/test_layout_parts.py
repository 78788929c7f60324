from __future__ import annotations

from dataclasses import dataclass

import pytest

from evidence import layout
from evidence.errors import BadContainer, OutputFailed
from evidence.sealing import Draft, run_steps
from tests.evidence import sealed


@dataclass(frozen=True)
class Note:
    """A step of a sealing that counts what was made before it."""

    name: str

    def make(self, draft: Draft) -> dict[str, bytes]:
        return {self.name: str(len(draft.files)).encode()}


def test_part_that_no_bundle_has_is_named() -> None:
    with pytest.raises(BadContainer, match=r"UNLISTED_MEMBER: seal/note\.txt"):
        layout.check_parts([layout.STATEMENT, "seal/note.txt"])


def test_steps_see_what_those_before_them_made() -> None:
    draft = run_steps((Note("seal/a"), Note("seal/b")), Draft(sealed.facts(), b"", {}))
    assert draft.files == {"seal/a": b"0", "seal/b": b"1"}


def test_no_step_replaces_what_another_made() -> None:
    with pytest.raises(OutputFailed, match="seal/a: made by two steps"):
        run_steps((Note("seal/a"), Note("seal/a")), Draft(sealed.facts(), b"", {}))
