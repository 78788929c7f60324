"""Names of this machine: the only ones that are asked without TLS."""

from __future__ import annotations

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
