"""Fuzz one reader until the time is over or a fault is found: `python -m tests.fuzz.one TARGET [libFuzzer options]`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import atheris

from tests.fuzz.mutators import changed_json

with atheris.instrument_imports(include=["evidence", "asn1crypto"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS


JSON_SHARE = 0.5


def main(name: str, options: list[str]) -> None:
    """Begin from the target's own seeds, in a folder of their own."""
    target = TARGETS[name]
    with tempfile.TemporaryDirectory(prefix="probity-fuzz-") as folder:
        for number, seed in enumerate(target.seeds()):
            (Path(folder) / f"{number:03d}").write_bytes(seed)
        arguments = [sys.argv[0], *options, folder]
        atheris.Setup(arguments, lambda data: target(bytes(data)), custom_mutator=_mutated(target.prefix))
        atheris.Fuzz()


def _mutated(prefix: int) -> Callable[[bytes, int, int], bytes]:
    """Return a mutator that often changes one value of JSON, which begins after `prefix` bytes, and else any bytes."""

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chance = Random(seed)
        content = changed_json(data[prefix:], chance) if chance.random() < JSON_SHARE else None
        return bytes(atheris.Mutate(data, most)) if content is None else (data[:prefix] + content)[:most]

    return mutate


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
