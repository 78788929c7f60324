"""What must not be sealed: prompts, secrets and personal values, looked for in every member before anything is signed.

`check` is the door: `flows` asks it once, when the payload is complete. What it refuses is never published.
"""

from __future__ import annotations

from evidence.minimisation.kinds import Kind
from evidence.minimisation.members import check

__all__ = ["Kind", "check"]
