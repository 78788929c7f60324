"""`isolation_tests`: attempts to reach one tenant's content as another.

`error` is an attempt that came to nothing either way.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, text

FAMILY = Family(
    name="isolation_tests",
    about="attempts to reach one tenant's content as another",
    columns=(
        text("test_id"),
        text("resource_id"),
        text("environment", "production", "staging", "test"),
        text("outcome", "denied", "succeeded", "error"),
        instant("attempted_at"),
    ),
)
