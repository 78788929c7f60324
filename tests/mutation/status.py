"""Break the status function in one place at a time, and see whether a test of it notices.

`decide` is Python, so its tree is changed rather than a text: each condition is turned round, dropped or joined
otherwise, each comparison moved by one, each status and reason replaced.
"""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

from checks import verdict
from evidence.model import Reason, Status

TESTS = Path(__file__).parents[1] / "checks" / "test_verdict.py"
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
#: What a word of the verdict becomes.
OTHER = {s.name: list(Status)[i - 1].name for i, s in enumerate(Status)} | {
    r.name: list(Reason)[i - 1].name for i, r in enumerate(Reason)
}


def mutants() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Give every change of `decide`, by the line it stands on, as a function of its own."""
    source = textwrap.dedent(inspect.getsource(verdict.decide))
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for number in range(len(_changes(node))):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[place]
            said = _changes(target)[number]()
            namespace = dict(vars(verdict))
            exec(compile(ast.fix_missing_locations(changed), "mutant", "exec"), namespace)
            yield f"line {getattr(node, 'lineno', 0)}: {ast.unparse(node)[:80]}: {said}", namespace["decide"]


def noticed(mutant: Callable[..., Any]) -> bool:
    """Return whether a test of the status function fails over the mutant."""
    namespace: dict[str, Any] = {"__name__": "tests.mutation.verdict_tests"}
    exec(compile(TESTS.read_text(), str(TESTS), "exec"), namespace)
    namespace["decide"] = mutant
    tests = [t for name, t in namespace.items() if name.startswith("test_") and isinstance(t, FunctionType)]
    # A property costs a hundred examples, so it is asked last.
    for test in sorted(tests, key=lambda t: hasattr(t, "hypothesis")):
        for arguments in _arguments(test):
            try:
                test(*arguments)
            except Exception:  # noqa: BLE001 - a mutant may fail in any way
                return True
    return False


def _arguments(test: Callable[..., Any]) -> list[tuple[Any, ...]]:
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize":
            return [(value,) for value in mark.args[1]]
    return [()]


def _changes(node: ast.AST) -> list[Callable[[], str]]:
    """Return what can be done to a node in place; each says what it did."""
    match node:
        case ast.If():
            return [lambda: _set(node, "test", ast.UnaryOp(ast.Not(), node.test)), lambda: _set(node, "test", _no())]
        case ast.BoolOp():
            return [lambda: _set(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())]
        case ast.UnaryOp(op=ast.Not()):
            return [lambda: _set(node, "operand", ast.UnaryOp(ast.Not(), node.operand))]
        case ast.Compare(ops=[operator]) if type(operator) in COMPARED:
            return [lambda: _set(node, "ops", [COMPARED[type(operator)]()])]
        case ast.Attribute(value=ast.Name(id="Status" | "Reason")):
            return [lambda: _set(node, "attr", OTHER[node.attr])]
        case ast.keyword():
            return [lambda: _set(node, "value", _no())]
        case ast.BinOp(op=ast.BitOr()):
            return [lambda: _set(node, "op", ast.BitAnd())]
    return []


def _set(node: ast.AST, name: str, value: Any) -> str:
    setattr(node, name, value)
    return f"{name} becomes {ast.unparse(value) if isinstance(value, ast.expr) else value}"


def _no() -> ast.Constant:
    return ast.Constant(value=False)
