"""Generated engagements of the examples, audited in this process."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from evidence.keys import make_keys
from flows.pipeline import run_audit
from flows.wiring import Request, prepare

EXAMPLES = Path(__file__).parents[2] / "examples"


def load_generator(example: str) -> ModuleType:
    """Return an example's generate.py as a module."""
    path = EXAMPLES / example / "generate.py"
    spec = importlib.util.spec_from_file_location(f"generate_{example.replace('-', '_')}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def audit_folder(folder: Path, scratch: Path) -> dict[str, Any]:
    """Return the published result of auditing an engagement, with keys made for it."""
    make_keys(folder / "keys", "test", datetime.now(UTC))
    prepared = prepare(Request(str(folder), out=str(scratch / "bundles")))
    return run_audit(prepared.engagement, prepared.run, prepared.sealer).result.as_json()
