"""The Terraform module: formatted, and every resource, argument and block is one that the AWS provider has.

`aws_provider.json` records the names and types of the provider's schema, `!` for what is required. Where terraform is
at hand it validates and tests the module itself, against a stand-in with that schema; elsewhere the files are read and
compared. What the provider checks beyond its schema is checked nowhere. Policies are judged in `test_policies`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.infra.iam import NAMES, POLICIES

MODULE = POLICIES.parent
ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "aws_provider.json").read_text())
META = {"for_each", "depends_on", "lifecycle", "count", "provider"}
TERRAFORM = shutil.which("terraform")


def blocks() -> Iterator[tuple[str, str, Any]]:
    """Yield every block of the module: its kind, its name such as `aws_s3_bucket.sealed`, and its body."""
    for path in sorted(MODULE.glob("*.tf")):
        for kind, listed in hcl2.loads(path.read_text()).items():
            for block in listed:
                body, labels = block, []
                while isinstance(body, dict) and len(body) == 1 and next(iter(body)).startswith('"'):
                    ((label, body),) = body.items()
                    labels.append(label.strip('"'))
                yield kind, ".".join(labels), body


FOUND = list(blocks())
RESOURCES = [(name, body) for kind, name, body in FOUND if kind == "resource"]
TEXT = "\n".join(path.read_text() for path in sorted(MODULE.glob("*.tf")))


def faults(body: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    """Yield what the provider would not take: unknown and missing arguments, blocks in the place of values."""
    known = {name.rstrip("!"): (what, name.endswith("!")) for name, what in schema.items()}
    written = {name for name in body if not name.startswith("__")}
    for block in body.get("dynamic", []):
        ((label, dynamic),) = [(k.strip('"'), v) for k, v in block.items() if k.startswith('"')]
        yield from faults({label: dynamic["content"]}, {label: known[label][0]}, where)
        written -= {"dynamic"}
    yield from (f"{where}: no argument {name}" for name in written - known.keys() - META)
    yield from (f"{where}: {n} is required" for n, (_, must) in known.items() if must and n not in written)
    for name in written & known.keys():
        what = known[name][0]
        is_block = isinstance(body[name], list) and all(isinstance(b, dict) for b in body[name])
        if isinstance(what, dict) != is_block:
            yield f"{where}: {name} is {'a block' if isinstance(what, dict) else f'a {what}'}"
        elif is_block:
            for inner in body[name]:
                yield from faults(inner, what, f"{where}.{name}")
        elif not is_of(body[name], what):
            yield f"{where}: {name} = {body[name]!r} is no {what}"


def is_of(value: Any, kind: str) -> bool:
    """Return whether a literal is of a type; an expression may be of any."""
    if isinstance(value, str) and value.startswith("${"):
        return True
    types = {"string": str, "number": int | float, "bool": bool, "map": dict, "list": list}
    return kind == "any" or (isinstance(value, types[kind]) and (kind == "bool" or not isinstance(value, bool)))


@pytest.mark.parametrize(("name", "body"), RESOURCES, ids=[name for name, _ in RESOURCES])
def test_provider_takes_every_resource_as_it_is_written(name: str, body: dict[str, Any]) -> None:
    assert list(faults(body, SCHEMA["resources"][name.partition(".")[0]], name)) == []


def test_check_notices_what_the_provider_would_refuse() -> None:
    schema = SCHEMA["resources"]["aws_s3_bucket_object_lock_configuration"]
    wrong = {"rule": [{"default_retention": [{"mode": '"COMPLIANCE"', "day": 1, "years": '"ten"'}]}], "bucked": '"b"'}
    said = sorted(faults(wrong, schema, "r"))
    assert said == [
        "r.rule.default_retention: no argument day",
        "r.rule.default_retention: years = '\"ten\"' is no number",
        "r: bucket is required",
        "r: no argument bucked",
    ]


def test_every_reference_is_to_something_that_is_there() -> None:
    declared = {
        f"{kind}.{name}" if kind in {"data"} else name for kind, name, _ in FOUND if kind in {"resource", "data"}
    }
    variables = {name for kind, name, _ in FOUND if kind == "variable"}
    named = {key for kind, _, body in FOUND if kind == "locals" for key in body if not key.startswith("__")}
    assert set(re.findall(r"\bvar\.(\w+)", TEXT)) == variables
    assert set(re.findall(r"\blocal\.(\w+)", TEXT)) == named
    assert {f"data.{n}" for n in re.findall(r"\bdata\.(\w+\.\w+)", TEXT)} | set(
        re.findall(r"(?<![\w.\"])(aws_\w+\.\w+)", TEXT)
    ) <= declared


def test_every_attribute_that_is_read_exists() -> None:
    for kind, attribute in re.findall(r"\bdata\.(\w+)\.\w+\.(\w+)", TEXT):
        assert attribute in SCHEMA["data"][kind]
    for kind, attribute in re.findall(r"(?<![\w.\"])(aws_\w+)\.\w+\.(\w+)", TEXT):
        assert attribute in SCHEMA["attributes"][kind]


def test_policies_leave_open_exactly_what_terraform_fills_in() -> None:
    open_names = {
        name
        for path in POLICIES.glob("*.json")
        for expression in re.findall(r"\$\{([^}]*)\}", path.read_text())
        for name in re.findall(r"\b(?!jsonencode\b|concat\b)\w+", expression)
    }
    assert open_names - {"bucket"} <= NAMES.keys()
    (names,) = [body["names"] for kind, _, body in FOUND if kind == "locals" and "names" in body]
    assert open_names - set(names) == {"bucket", "sealed_key", "disclosures_key", "principals"}
    assert set(names) - {"__comments__"} <= open_names
    used = set(re.findall(r"policies/([\w-]+)\.json", TEXT)) | {"bundle-writer", "ledger-writer", "reader", "witness"}
    assert used == {path.stem for path in POLICIES.glob("*.json")}


def test_buckets_of_bundles_and_ledger_are_locked_in_compliance_mode_and_that_of_disclosures_is_not() -> None:
    bodies = dict(RESOURCES)
    assert bodies["aws_s3_bucket.sealed"]["object_lock_enabled"] is True
    (rule,) = bodies["aws_s3_bucket_object_lock_configuration.sealed"]["rule"]
    assert rule["default_retention"][0]["mode"] == '"COMPLIANCE"'
    assert "object_lock_enabled" not in bodies["aws_s3_bucket.disclosures"]
    assert not [name for name in bodies if "object_lock" in name and name.endswith("disclosures")]
    blocked = bodies["aws_s3_bucket_public_access_block.all"]
    assert all(
        blocked[name] is True for name in SCHEMA["resources"]["aws_s3_bucket_public_access_block"] if "public" in name
    )


needs_terraform = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not here, and no package brings it")


def terraform(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run terraform on a copy of the module, with the stand-in for the provider's own program."""
    plugin, rc, module = folder / "plugin" / "terraform-provider-aws", folder / "rc", folder / "module"
    if not module.exists():
        plugin.parent.mkdir()
        plugin.write_text(f"#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m tests.infra.stand_in_provider\n")
        plugin.chmod(0o755)
        overrides = f'dev_overrides {{\n "hashicorp/aws" = "{plugin.parent}"\n }}'
        rc.write_text(f"provider_installation {{\n {overrides}\n direct {{}}\n}}\n")
        shutil.copytree(MODULE, module)
    assert TERRAFORM is not None
    settings = {"TF_CLI_CONFIG_FILE": str(rc), "TF_DISABLE_PLUGIN_TLS": "1", "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        [TERRAFORM, f"-chdir={module}", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=dict(os.environ) | settings,
    )


@needs_terraform
def test_module_is_formatted(tmp_path: Path) -> None:
    done = terraform(tmp_path, "fmt", "-check", "-diff", "-recursive")
    assert (done.returncode, done.stdout) == (0, "")


@needs_terraform
def test_terraform_validates_the_module_and_its_tests_pass(tmp_path: Path) -> None:
    assert terraform(tmp_path, "validate", "-no-color").returncode == 0
    tested = terraform(tmp_path, "test", "-no-color")
    assert (tested.returncode, "3 passed, 0 failed" in tested.stdout) == (0, True), tested.stdout


@needs_terraform
def test_terraform_refuses_what_the_recorded_schema_does_not_have(tmp_path: Path) -> None:
    assert terraform(tmp_path, "fmt", "-check").returncode == 0
    buckets = tmp_path / "module" / "buckets.tf"
    buckets.write_text(buckets.read_text().replace('mode = "COMPLIANCE"', 'mood = "COMPLIANCE"'))
    refused = terraform(tmp_path, "validate", "-no-color")
    assert (refused.returncode, 'An argument named "mood" is not expected' in refused.stderr) == (1, True)
