"""The compose file: what compose would refuse, and what nobody may find in it. Docker itself is not asked.

Not proved here: that the images can be pulled and built, and that the containers start.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.yaml12 import read_yaml

FOLDER = Path(__file__).parents[2] / "infra" / "docker"
#: Keys of the Compose specification that this file may use; anything else is a mistake until somebody adds it here.
TOP = {"name", "services", "networks", "volumes", "secrets"}
SERVICE = {
    *("image", "build", "restart", "environment", "env_file", "secrets", "volumes", "networks", "ports", "command"),
    *("entrypoint", "depends_on", "healthcheck", "cap_drop", "security_opt", "stop_signal", "stop_grace_period"),
    "shm_size",
}
#: Hatchling and what it needs.
BUILDING = ("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")
HEALTH = {"test", "interval", "timeout", "retries", "start_period"}
DURATION = re.compile(r"([0-9]+(h|m|s|ms))+")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:-[^}]*|:\?[^}]*)?\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")


@pytest.fixture(scope="module")
def compose() -> Any:
    document = read_yaml((FOLDER / "compose.yaml").read_bytes(), "compose.yaml")
    assert document.problems == ()
    return document.data


def services(compose: Any) -> Iterator[tuple[str, Any]]:
    yield from compose["services"].items()


def test_only_keys_of_the_specification_are_used(compose: Any) -> None:
    assert set(compose) == TOP
    for name, service in services(compose):
        assert set(service) <= SERVICE, name
        assert set(service.get("healthcheck", {})) <= HEALTH, name


def test_whatever_a_service_refers_to_is_there(compose: Any) -> None:
    for name, service in services(compose):
        assert set(service.get("networks", ())) <= set(compose["networks"]), name
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
        named = {v.partition(":")[0] for v in service.get("volumes", ()) if isinstance(v, str)}
        assert named <= set(compose["volumes"]), name
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert "healthcheck" in compose["services"][other]


def test_times_are_durations(compose: Any) -> None:
    for _, service in services(compose):
        health = service.get("healthcheck", {})
        times = [health[k] for k in ("interval", "timeout", "start_period") if k in health]
        assert all(DURATION.fullmatch(t) for t in [*times, service.get("stop_grace_period", "1s")])


def test_every_variable_has_a_default_or_says_what_it_is_for(compose: Any) -> None:
    found = VARIABLE.findall((FOLDER / "compose.yaml").read_text())
    assert {name for name, _ in found} >= {"POSTGRES_IMAGE", "PROBITY_IMAGE", "PROBITY_ENGAGEMENTS"}
    assert all(rest for name, rest in found if name != "VAR")


def test_images_name_a_whole_version(compose: Any) -> None:
    images = [service["image"] for _, service in services(compose)]
    base = re.findall(r"^ARG BASE=(\S+)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    built = [service["build"]["args"]["BASE"] for _, service in services(compose) if "build" in service]
    for image in [*images, *base, *built]:
        tag = image.rstrip("}").rpartition(":")[2]
        assert re.match(r"[0-9]+\.[0-9]+", tag), image


def test_no_secret_is_in_the_file_nor_in_an_environment(compose: Any) -> None:
    for name, service in services(compose):
        for variable in service.get("environment", {}):
            assert not SECRET.search(variable) or variable.endswith("_FILE"), (name, variable)
    assert [s["file"] for s in compose["secrets"].values()] == ["database.password"]
    assert not (FOLDER / "database.password").exists()
    assert "database.password" in (FOLDER.parents[1] / ".gitignore").read_text()


def test_only_this_machine_reaches_the_server_and_nothing_outside_the_database(compose: Any) -> None:
    published = {name: service["ports"] for name, service in services(compose) if "ports" in service}
    assert published == {"server": ["127.0.0.1:4200:4200"]}
    assert compose["networks"]["database"] == {"internal": True}
    assert compose["services"]["database"]["networks"] == ["database"]


def test_neither_server_nor_worker_phones_home(compose: Any) -> None:
    for name in ("server", "worker"):
        silent = compose["services"][name]["environment"]
        assert silent["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
        assert silent["GX_ANALYTICS_ENABLED"] == "false"


def test_the_server_takes_its_password_from_the_secret(compose: Any) -> None:
    server = compose["services"]["server"]
    assert server["entrypoint"] == ["/bin/sh", "-c"]
    (line,) = server["command"]
    words = shlex.split(line.replace("$$", "$"))
    assert words[0] == "PREFECT_SERVER_DATABASE_PASSWORD=$(cat /run/secrets/database_password)"
    assert words[1:5] == ["exec", "prefect", "server", "start"]


def test_the_image_takes_python_packages_only_by_hash_and_runs_as_nobody_special() -> None:
    lines = (FOLDER / "Dockerfile").read_text()
    installs = re.findall(r"pip install[^\n\\&]*", lines)
    assert all("--require-hashes" in line or "/wheel/probity-" in line for line in installs)
    assert "--no-build-isolation" in lines
    assert re.findall(r"^USER (\S+)$", lines, re.MULTILINE) == ["probity"]
    assert all((FOLDER.parents[1] / path).exists() for path in re.findall(r"^COPY ([a-z]+) \./", lines, re.MULTILINE))


def test_everything_that_builds_the_wheel_is_in_the_locks() -> None:
    (command,) = re.findall(r"sed -nE '([^']+)' locks/dev\.txt", (FOLDER / "Dockerfile").read_text())
    lock = FOLDER.parents[1] / "locks" / "dev.txt"
    found = subprocess.run(["sed", "-nE", command, str(lock)], capture_output=True, text=True, check=True).stdout
    assert sorted(re.findall(r"^([a-z-]+)==", found, re.MULTILINE)) == sorted(BUILDING)
    assert found.count("--hash=sha256:") >= len(BUILDING)
