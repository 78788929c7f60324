"""`personal` in audit.yaml: which personal values go along with a bundle, and where they may stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator

from checks.problems import near
from evidence.families import personal_fields, plain_fields
from evidence.model import Closed


class PersonalData(Closed):
    """What becomes of personal values. Personal columns are tokens in every sealed table, whatever stands here."""

    disclose: Literal["none", "all"] | tuple[str, ...] = Field(
        default="none", description="fields whose values go along, under no seal: none, all, or a list of family.column"
    )
    keep: tuple[str, ...] = Field(
        default=(), description="other fields (family.column) in which an e-mail or IP address may be sealed as it is"
    )

    @field_validator("disclose")
    @classmethod
    def _are_personal(cls, disclose: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if isinstance(disclose, tuple):
            _refuse_others(disclose, personal_fields(), "a personal field")
        return disclose

    @field_validator("keep")
    @classmethod
    def _are_plain(cls, keep: tuple[str, ...]) -> tuple[str, ...]:
        _refuse_others(keep, plain_fields(), "a field of text that is not personal")
        return keep

    @property
    def fields(self) -> frozenset[str]:
        """Return the fields whose values are to be disclosed, as `family.column`."""
        match self.disclose:
            case "none":
                return frozenset()
            case "all":
                return frozenset(personal_fields())
        return frozenset(self.disclose)


def _refuse_others(names: tuple[str, ...], known: Sequence[str], what: str) -> None:
    for name in names:
        if name not in known:
            hint = near(name, known) or f"such as {known[0]!r}"
            raise ValueError(f"{name!r} is not {what}; {hint}")
