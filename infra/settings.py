"""The only reader of the process environment: what it may switch, and what must never be switched on."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

#: The engines' own switches against telemetry. Not defaults: an audit never reports to anybody but its reader.
SILENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GX_ANALYTICS_ENABLED": "false",
}
#: The first start of a temporary Prefect server migrates its database, which takes a slow machine half a minute.
STARTUP_SECONDS = "180"
SHORTEST_SECRET = 8

_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSW|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY", re.IGNORECASE)
_USER_INFO = re.compile(r"(://)[^/@\s]+@")


def harden() -> None:
    """Switch off the engines' telemetry for this process and its children; call it before importing them."""
    os.environ.update(SILENT)


def keep_prefect_in(folder: str) -> None:
    """Keep Prefect's files in a folder of ours unless the environment names one; call it before importing Prefect."""
    if "PREFECT_HOME" not in os.environ:
        Path(folder).mkdir(parents=True, exist_ok=True)  # Prefect opens its database there without making the folder
        os.environ["PREFECT_HOME"] = folder
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", STARTUP_SECONDS)


def child_environment(**more: str) -> dict[str, str]:
    """Return the environment for a Prefect process of ours: nothing of Prefect's own but `more`, and no telemetry."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return kept | SILENT | more


def debug() -> bool:
    """Return whether `PROBITY_DEBUG` asks for tracebacks."""
    return os.environ.get("PROBITY_DEBUG", "").strip().lower() not in {"", "0", "false", "no"}


def no_color() -> bool:
    """Return whether `NO_COLOR` is set to anything, as no-color.org defines it."""
    return bool(os.environ.get("NO_COLOR"))


def prefect_api_url() -> str | None:
    """Return the Prefect server that runs are reported to, if one is configured."""
    return os.environ.get("PREFECT_API_URL") or None


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def java() -> str | None:
    """Return the Java program that Spark would start: that of `JAVA_HOME`, else the first on the PATH."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else shutil.which("java")


def variable(name: str) -> str | None:
    """Return one variable for a `${NAME}` in an engagement's `audit.yaml`, or None when it is not set."""
    return os.environ.get(name)


def masked(text: str) -> str:
    """Return a message without the values of secret-looking variables and without user names in addresses."""
    for name, value in os.environ.items():
        if len(value) >= SHORTEST_SECRET and _SECRET_NAME.search(name):
            text = text.replace(value, "***")
    return _USER_INFO.sub(r"\1***@", text)
