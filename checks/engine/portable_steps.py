"""A query's common table expressions as views of their own, each under a name that nothing else has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from checks.engine.portable_grammar import Node, not_portable

#: What the views are called; no family and no kernel uses such names.
PREFIX = "step_"

#: What stands before every alias of a table.
ALIAS = "as_"


@dataclass(frozen=True, slots=True)
class Part:
    """One expression's query under its new name; `shared` when more than one place reads it."""

    name: str
    query: Node
    shared: bool


def told_apart(tree: Node) -> None:
    """Rename every table's alias, and where it stands before a column, to what no column is called.

    Where a row has a column of the alias's name, Spark takes `run.digest` for a field of the column.
    """
    for node in list(tree.walk()):
        if isinstance(node, exp.Column) and node.table:
            node.set("table", exp.to_identifier(ALIAS + node.table))
        elif isinstance(node, exp.Table) and not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(ALIAS + node.name)))
        elif isinstance(node, exp.TableAlias) and node.this is not None and not isinstance(node.parent, exp.CTE):
            node.set("this", exp.to_identifier(ALIAS + node.name))


def taken_apart(tree: Node) -> list[Part]:
    """Take every common table expression out of the tree and return them, each after what it reads.

    Names are resolved as SQL does: an expression sees those before it and those around it, and the nearest of one
    name. One that nothing reads is left out, because it is never computed.
    """
    found: list[tuple[str, Node]] = []
    _take(tree, {}, found)
    read = [table.name for query in (tree, *(q for _, q in found)) for table in query.find_all(exp.Table)]
    return [Part(name, query, read.count(name) > 1) for name, query in found if name in read]


def _take(query: Node, around: Mapping[str, str], found: list[tuple[str, Node]]) -> None:
    seen = dict(around)
    own = query.args.get("with_")
    if own is not None:
        if own.args.get("recursive"):
            raise not_portable(query, "a recursive expression was never compared")
        query.set("with_", None)
        for expression in own.expressions:
            _take(expression.this, seen, found)
            name = f"{PREFIX}{len(found)}"
            found.append((name, _with_columns(expression, expression.this.copy())))
            seen[expression.alias] = name
    for inner in _inner_with(query):
        _take(inner, seen, found)
    for table in query.find_all(exp.Table):
        if table.name in seen and not table.args.get("db"):
            table.set("this", exp.to_identifier(seen[table.name]))


def _inner_with(query: Node) -> list[Node]:
    """Return the outermost queries inside that have expressions of their own."""
    bearing = [node for node in query.walk() if node is not query and node.args.get("with_") is not None]
    return [node for node in bearing if not any(_inside(node, other) for other in bearing if other is not node)]


def _inside(node: Node, other: Node) -> bool:
    while node is not None:
        if node is other:
            return True
        node = node.parent
    return False


def _with_columns(expression: Node, query: Node) -> Node:
    """Return the query with the names that the expression gives its columns, where it gives any."""
    columns = expression.args["alias"].args.get("columns")
    if not columns:
        return query
    named = exp.TableAlias(this=exp.to_identifier("named"), columns=[c.copy() for c in columns])
    return exp.select("*").from_(exp.Subquery(this=query, alias=named))
