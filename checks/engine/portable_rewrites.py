"""The rewrites that keep DuckDB's meaning on Spark, one for each construct that only looks the same.

Every rule states the difference it removes; all were seen on DuckDB 2.0 and Spark 4.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from sqlglot import exp

from evidence.errors import ProbityError
from evidence.families import all_families
from evidence.families.schema import Type

#: Grammar and functions that mean the same on both engines, once the rules below have been applied.
SAME: frozenset[type[Any]] = frozenset(
    {
        exp.Select,
        exp.From,
        exp.Where,
        exp.Group,
        exp.Having,
        exp.Order,
        exp.Ordered,
        exp.Limit,
        exp.Offset,
        exp.Distinct,
        exp.Union,
        exp.Subquery,
        exp.With,
        exp.CTE,
        exp.Table,
        exp.TableAlias,
        exp.Join,
        exp.Values,
        exp.Tuple,
        exp.Paren,
        exp.Alias,
        exp.Column,
        exp.Identifier,
        exp.Star,
        exp.Literal,
        exp.Null,
        exp.Boolean,
        exp.Case,
        exp.If,
        exp.And,
        exp.Or,
        exp.Not,
        exp.Is,
        exp.EQ,
        exp.NEQ,
        exp.NullSafeEQ,
        exp.NullSafeNEQ,
        exp.GT,
        exp.GTE,
        exp.LT,
        exp.LTE,
        exp.Between,
        exp.In,
        exp.Exists,
        exp.Add,
        exp.Sub,
        exp.Mul,
        exp.Div,
        exp.IntDiv,
        exp.Mod,
        exp.Neg,
        exp.DPipe,
        exp.Coalesce,
        exp.Nullif,
        exp.Greatest,
        exp.Least,
        exp.Abs,
        exp.Floor,
        exp.Count,
        exp.Sum,
        exp.Min,
        exp.Max,
        exp.LogicalOr,
        exp.LogicalAnd,
        exp.ArgMax,
        exp.ArgMin,
        exp.Filter,
        exp.Window,
        exp.WindowSpec,
        exp.RowNumber,
        exp.Lag,
        exp.Lead,
        exp.Lower,
        exp.Trim,
        exp.Length,
        exp.Like,
        exp.StartsWith,
        exp.Contains,
        exp.Cast,
        exp.DataType,
        exp.Struct,
        exp.PropertyEQ,
        exp.ArrayContains,
        exp.Transform,
        exp.Lambda,
        exp.Explode,
        exp.Concat,
        exp.Var,
        exp.GroupConcat,
    }
)

#: Types whose casts to text and to whole numbers agree; a fraction is rounded or written differently.
EXACT_TYPES = ("tinyint", "smallint", "int", "bigint", "string", "boolean", "void")

#: What DuckDB's `trim` takes from both ends; Spark's takes only the first of them.
SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

#: Spark lowers these two by their neighbours or into two letters, DuckDB one by one.
UPPER, LOWER = "\u03a3\u0130", "\u03c3i"

#: A node of sqlglot's tree; its classes are untyped.
Node: TypeAlias = Any

_WHOLE = frozenset({"BIGINT", "INT"})
_CASTS = _WHOLE | {"TEXT", "VARCHAR", "BOOLEAN"}


def rewritten(tree: Node) -> Node:
    """Return the tree with every rule applied, innermost first; what was never compared raises `ProbityError`."""
    for node in tree.walk():
        if type(node) not in SAME:
            raise not_portable(node, f"{type(node).__name__} was never compared on both engines; see docs/spark.md")
    found = [node for node in tree.walk(bfs=False) if type(node) in _RULES]
    for node in reversed(found):
        replacement = _RULES[type(node)](node)
        if replacement is not node:
            node.replace(replacement)
    return tree


def not_portable(node: Node, why: str) -> ProbityError:
    """Return the error for a construct that the engines read differently."""
    return ProbityError(f"{node.sql(dialect='duckdb')[:120]!r} is not portable to Spark: {why}")


def _peaks(node: Any) -> Node:
    """Leave out rows whose value or order is null, as DuckDB does; Spark would answer with the null."""
    if node.args.get("count") is not None:
        raise not_portable(node, "only the single largest or smallest can be asked for")
    present = exp.and_(*(_present(part) for part in (node.this, node.expression)))
    around = node.parent
    if isinstance(around, exp.Filter):
        around.expression.set("this", exp.and_(around.expression.this.copy(), present))
        return node
    return exp.Filter(this=node.copy(), expression=exp.Where(this=present))


def _present(value: Node) -> Node:
    return exp.not_(_missing(value))


def _missing(value: Node) -> Node:
    return exp.Is(this=exp.paren(value.copy()), expression=exp.Null())


def _struct(node: Any) -> Node:
    """Put a flag before every field: a null is the largest in DuckDB's order of structs and the smallest in Spark's."""
    fields = []
    for field in node.expressions:
        if not isinstance(field, exp.PropertyEQ):
            raise not_portable(node, "every field of a struct needs a name")
        flag = exp.to_identifier(f"{field.name}_is_null")
        fields.append(exp.PropertyEQ(this=flag, expression=_missing(field.expression)))
        fields.append(field.copy())
    return exp.Struct(expressions=fields)


def _length(node: Any) -> Node:
    """Count the members of a list with `size`; `length` is for text alone in Spark."""
    of = node.this
    listed = isinstance(of, exp.Transform) or (isinstance(of, exp.Column) and of.name in _list_columns())
    return exp.ArraySize(this=of.copy()) if listed else node


@cache
def _list_columns() -> frozenset[str]:
    return frozenset(c.name for f in all_families().values() for c in f.all_columns if c.type is Type.LIST)


def _contains(node: Any) -> Node:
    """Say false where a list with a null does not hold the value; Spark would say that it cannot tell."""
    held = exp.Coalesce(this=node.copy(), expressions=[exp.false()])
    unknown = exp.or_(_missing(node.this), _missing(node.expression))
    return exp.Case(ifs=[exp.If(this=unknown, true=exp.Null())], default=held)


def _lower(node: Any) -> Node:
    """Lower the two letters first that Spark treats by their context."""
    fixed = exp.Anonymous(this="translate", expressions=[node.this.copy(), _text(UPPER), _text(LOWER)])
    return exp.Lower(this=fixed)


def _trim(node: Any) -> Node:
    """Name the characters to trim, because the engines mean different spaces."""
    if node.args.get("position") or node.args.get("collation"):
        raise not_portable(node, "only trim on both ends was compared")
    return node if node.expression else exp.Trim(this=node.this.copy(), expression=_text(SPACES), position="BOTH")


def _like(node: Any) -> Node:
    """Double backslashes in a pattern: DuckDB has no escape character unless one is named, Spark always has."""
    if isinstance(node.parent, exp.Escape) or not node.expression.is_string:
        raise not_portable(node, "a pattern must be a literal without ESCAPE")
    return exp.Like(this=node.this.copy(), expression=_text(node.expression.name.replace("\\", "\\\\")))


def _cast(node: Any) -> Node:
    """Let the cast of a fraction fail: DuckDB rounds it, Spark cuts it, and they write it differently."""
    if node.to.this.name not in _CASTS:
        raise not_portable(node, "only casts to text, whole numbers and booleans were compared")
    if isinstance(node.this, exp.Null | exp.Literal):
        return node
    if isinstance(node.this, exp.Cast) and isinstance(node.this.this, exp.Floor) and node.to.this.name in _WHOLE:
        return exp.Cast(this=node.this.this.copy(), to=node.to.copy())  # a floor is whole already
    kind = exp.Anonymous(this="typeof", expressions=[node.this.copy()])
    exact = exp.In(this=kind, expressions=[_text(name) for name in EXACT_TYPES])
    message = f"{node.sql(dialect='duckdb')[:100]} casts a fraction, which the engines do differently"
    refusal = exp.Anonymous(this="raise_error", expressions=[_text(message)])
    return exp.Case(ifs=[exp.If(this=exact, true=node.copy())], default=refusal)


def _floor(node: Any) -> Node:
    """Keep the floor of a quotient a fraction, as DuckDB does."""
    if node.args.get("decimals") is not None or not isinstance(node.this, exp.Div):
        raise not_portable(node, "only the floor of a quotient was compared")
    return exp.Cast(this=node.copy(), to=exp.DataType.build("double"))


def _member(node: Any) -> Node:
    """Refuse a subquery's membership where null and false part ways: Spark answers false for DuckDB's null."""
    if node.args.get("query") is None:
        return node
    child, around, negated = node, node.parent, False
    while isinstance(around, exp.And | exp.Or | exp.Paren | exp.Not):
        if isinstance(around, exp.Not):
            # The engine sees a negation only right around the membership, and only one.
            if negated or not isinstance(child, exp.In | exp.Paren):
                break
            negated = True
        child, around = around, around.parent
    decides = isinstance(around, exp.Where | exp.Having) or (isinstance(around, exp.If) and around.this is child)
    if not decides:
        raise not_portable(node, "membership in a subquery may only decide a WHERE, a HAVING or a CASE")
    return node


def _distinct(node: Any) -> Node:
    """Refuse a count of distinct tuples: Spark leaves out those with a null."""
    if isinstance(node.parent, exp.Count) and any(isinstance(e, exp.Tuple) for e in node.expressions):
        raise not_portable(node.parent, "distinct tuples with a null are counted differently")
    return node


def _tuple(node: Any) -> Node:
    """Refuse a comparison of tuples, whose nulls the engines order differently."""
    if isinstance(node.parent, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE):
        raise not_portable(node.parent, "tuples are compared differently where they hold a null")
    return node


def _text(value: str) -> Node:
    return exp.Literal.string(value)


_RULES: dict[type[Node], Callable[[Any], Node]] = {
    exp.ArgMax: _peaks,
    exp.ArgMin: _peaks,
    exp.Struct: _struct,
    exp.Length: _length,
    exp.ArrayContains: _contains,
    exp.Lower: _lower,
    exp.Trim: _trim,
    exp.Like: _like,
    exp.Cast: _cast,
    exp.Floor: _floor,
    exp.In: _member,
    exp.Distinct: _distinct,
    exp.Tuple: _tuple,
}
