"""Evaluates IAM policies as AWS documents it, for the conditions ours use: an explicit deny, then an allow, then no.

It is our own reading of the documentation. What it does not know ends the test, so that nothing passes unread.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POLICIES = Path(__file__).parents[2] / "infra" / "terraform" / "policies"
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/acme-"
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/operations"
BUNDLES, LEDGER, DISCLOSURES = (f"arn:aws:s3:::acme-{name}" for name in ("bundles", "ledger", "disclosures"))
SEALED_KEY, DISCLOSURES_KEY = (f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{name}" for name in ("sealed", "disclosures"))
S3 = "s3.eu-central-1.amazonaws.com"
#: What Terraform fills in; the same names as in infra/terraform.
NAMES: dict[str, Any] = {
    "administrators": [ADMINISTRATOR],
    "bundles_bucket": BUNDLES,
    "ledger_bucket": LEDGER,
    "disclosures_bucket": DISCLOSURES,
    "writers": [f"{ROLE}auditor-writer", f"{ROLE}ledger-writer"],
    "key_readers": [f"{ROLE}reader", f"{ROLE}witness"],
    "auditor": f"{ROLE}auditor-writer",
    "root": f"arn:aws:iam::{ACCOUNT}:root",
    "s3_service": S3,
    "retain_days": 3650,
    "sealed_key": SEALED_KEY,
    "disclosures_key": DISCLOSURES_KEY,
    "principals": ["arn:aws:iam::444455556666:role/scheduler"],
}
Json = dict[str, Any]


def policy(name: str, **names: Any) -> Json:
    """Return a policy as Terraform's `templatefile` renders it."""
    known = NAMES | names

    def fill(match: re.Match[str]) -> str:
        expression = match[1]
        if expression == "jsonencode(concat([auditor], administrators))":
            return json.dumps([known["auditor"], *known["administrators"]])
        if inner := re.fullmatch(r"jsonencode\((\w+)\)", expression):
            return json.dumps(known[inner[1]])
        return str(known[expression])

    text = re.sub(r"\$\{([^}]*)\}", fill, (POLICIES / f"{name}.json").read_text())
    found: Json = json.loads(text)
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Request:
    """Who asks for what of which resource, and what else is known of the request."""

    action: str
    resource: str
    principal: str = f"{ROLE}auditor-writer"
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, str]:
        return {
            "aws:PrincipalArn": self.principal,
            "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.3",
            **self.context,
        }


def _numeric(test: Callable[[float, float], bool]) -> Callable[[str, list[str]], bool]:
    return lambda have, want: any(test(float(have), float(w)) for w in want)


#: Operators and what they say when the key is absent.
OPERATORS: dict[str, tuple[Callable[[str, list[str]], bool], bool]] = {
    "StringEquals": (lambda have, want: have in want, False),
    "StringNotEquals": (lambda have, want: have not in want, True),
    "ArnEquals": (lambda have, want: have in want, False),
    "ArnNotEquals": (lambda have, want: have not in want, True),
    "Bool": (lambda have, want: have in want, False),
    "NumericLessThan": (_numeric(lambda have, want: have < want), False),
}


def holds(conditions: Mapping[str, Mapping[str, Any]], known: Mapping[str, str]) -> bool:
    """Return whether every condition of a statement holds."""
    for operator, keys in conditions.items():
        for key, values in keys.items():
            want = [str(value) for value in listed(values)]
            if operator == "Null":
                met = (key not in known) == (want == ["true"])
            else:
                test, absent = OPERATORS[operator]
                met = test(known[key], want) if key in known else absent
            if not met:
                return False
    return True


def speaks_of(statement: Json, request: Request) -> bool:
    """Return whether a statement is about a request: principal, action, resource and conditions."""
    principal = statement.get("Principal", "*")
    named = listed(principal["AWS"]) if isinstance(principal, dict) else ["*"]
    whole_account = f"arn:aws:iam::{ACCOUNT}:root"
    if "*" not in named and request.principal not in named and whole_account not in named:
        return False
    actions = any(fnmatch.fnmatchcase(request.action, a) for a in listed(statement["Action"]))
    resources = any(fnmatch.fnmatchcase(request.resource, r) for r in listed(statement["Resource"]))
    return actions and resources and holds(statement.get("Condition", {}), request.known)


def effects(policies: Iterable[Json], request: Request) -> set[str]:
    return {s["Effect"] for p in policies for s in p["Statement"] if speaks_of(s, request)}


def allowed(request: Request, identity: Sequence[Json], resource: Json, *, by_both: bool = False) -> bool:
    """Return the decision within one account: of a bucket either policy allows, of a key both must."""
    own, its = effects(identity, request), effects([resource], request)
    if "Deny" in own | its:
        return False
    return "Allow" in own and "Allow" in its if by_both else "Allow" in own | its
