"""All forging functions by name: each takes the bytes of a good bundle and returns those of a bad one.

The good bundle says `breached`; where a verdict is forged, it says `met`.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks import (
    forge_container,
    forge_content,
    forge_disclosures,
    forge_doubly,
    forge_encoding,
    forge_from_within,
    forge_headers,
    forge_leaves,
    forge_ledger,
    forge_seal,
    forge_time,
)

FORGERS: dict[str, Callable[[bytes], bytes]] = {
    name: function
    for module in (
        forge_content,
        forge_container,
        forge_seal,
        forge_from_within,
        forge_doubly,
        forge_time,
        forge_ledger,
        forge_disclosures,
        forge_leaves,
        forge_headers,
        forge_encoding,
    )
    for name, function in vars(module).items()
    if getattr(function, "__module__", "") == module.__name__ and not name.startswith("_")
}
