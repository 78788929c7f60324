"""The rewrites of lists; each states the difference between the engines that it removes."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlglot import exp

from checks.engine.portable_grammar import Node, not_portable, text
from evidence.families import all_families
from evidence.families.schema import Type


def length(node: Any) -> Node:
    """Count the members of a list with `size`; `length` is for text alone in Spark."""
    of = node.this
    listed = isinstance(of, exp.Transform | exp.ArrayFilter) or (
        isinstance(of, exp.Column) and of.name in _list_columns()
    )
    return exp.ArraySize(this=of.copy()) if listed else node


@cache
def _list_columns() -> frozenset[str]:
    return frozenset(c.name for f in all_families().values() for c in f.all_columns if c.type is Type.LIST)


def contains(node: Any) -> Node:
    """Say false where a list with a null does not hold the value; Spark would say that it cannot tell."""
    held = exp.Coalesce(this=node.copy(), expressions=[exp.false()])
    unknown = exp.or_(_missing(node.this), _missing(node.expression))
    return exp.Case(ifs=[exp.If(this=unknown, true=exp.Null())], default=held)


def _missing(value: Node) -> Node:
    return exp.Is(this=exp.paren(value.copy()), expression=exp.Null())


def collected(node: Any) -> Node:
    """Refuse a null member, which Spark leaves out, and every use in which the members' order could show."""
    grouped = node.find_ancestor(exp.Select)
    named = node.parent if isinstance(node.parent, exp.Alias) else None
    if isinstance(node.this, exp.Distinct | exp.Order) or named is None or grouped is None or not grouped.args["group"]:
        raise not_portable(node, "only a named list of the members of a group was compared")
    if not all(
        _only_asked_for_members(column) for column in node.root().find_all(exp.Column) if column.name == named.alias
    ):
        raise not_portable(node, "the engines collect in an order of their own; only its members may be asked for")
    message = f"{node.sql(dialect='duckdb')[:100]} collects a null, which the engines do differently"
    refusal = exp.Anonymous(this="raise_error", expressions=[text(message)])
    return exp.ArrayAgg(this=exp.Coalesce(this=node.this.copy(), expressions=[refusal]))


def _only_asked_for_members(column: Node) -> bool:
    child, around = column, column.parent
    while isinstance(around, exp.Paren):
        child, around = around, around.parent
    asked = isinstance(around, exp.ArrayContains) and around.this is child
    return asked or isinstance(around, exp.Select | exp.Is)


def written(node: Any) -> Node:
    """Refuse a list with members: only the empty one was compared."""
    if node.expressions:
        raise not_portable(node, "only the empty list was compared")
    return node
