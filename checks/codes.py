"""The stable codes of everything that may be wrong with a file somebody wrote; `docs/contract.md` lists them."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """One code per kind of mistake; a code never changes its meaning. From C030 on they are warnings."""

    UNREADABLE = "C001"
    TOO_LARGE = "C002"
    NOT_TEXT = "C003"
    NOT_YAML = "C004"
    EMPTY_FILE = "C005"
    NOT_A_MAPPING = "C006"
    DUPLICATE_KEY = "C007"
    YAML_FEATURE = "C008"
    WRONG_VERSION = "C009"
    NOT_ONE_OF = "C010"
    UNKNOWN_KEY = "C011"
    MISSING_KEY = "C012"
    WRONG_TYPE = "C013"
    MALFORMED = "C014"
    BARE_NUMBER = "C015"
    EMPTY_VALUE = "C016"
    BAD_NAME = "C017"
    REVERSED = "C018"
    MANY_MORE = "C019"
    EXISTS = "C020"
    NOT_QUOTED = "C021"
    OTHER_DOCUMENT = "C022"
    NO_CHECK = "C030"
    UNLISTED_DOCUMENT = "C031"
    OUTSIDE_TERM = "C032"
    UNQUOTED_COMMA = "C033"
    LEI_CHECK_DIGITS = "C034"
    OTHER_PAGE = "C035"
    NO_TEXT = "C036"

    @property
    def is_warning(self) -> bool:
        """Return whether a file with this problem is still valid."""
        return self >= Code.NO_CHECK
