"""The rewrites that keep DuckDB's meaning on Spark, one for each construct that only looks the same.

Every rule states the difference it removes; all were seen on DuckDB 2.0 and Spark 4.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from checks.engine import portable_lists, portable_text
from checks.engine.portable_grammar import Node, not_portable, require_known, text

#: Types whose casts to text and to whole numbers agree; a fraction is rounded or written differently.
EXACT_TYPES = ("tinyint", "smallint", "int", "bigint", "string", "boolean", "void")

_WHOLE = frozenset({"BIGINT", "INT"})
_CASTS = _WHOLE | {"TEXT", "VARCHAR", "BOOLEAN"}


def rewritten(tree: Node) -> Node:
    """Return the tree with every rule applied, innermost first; what was never compared raises `ProbityError`."""
    for node in tree.walk():
        require_known(node)
    found = [node for node in tree.walk(bfs=False) if type(node) in _RULES]
    for node in reversed(found):
        replacement = _RULES[type(node)](node)
        if replacement is not node:
            node.replace(replacement)
    return tree


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


def _cast(node: Any) -> Node:
    """Let the cast of a fraction fail: DuckDB rounds it, Spark cuts it, and they write it differently."""
    if node.to.this.name not in _CASTS:
        raise not_portable(node, "only casts to text, whole numbers and booleans were compared")
    if isinstance(node.this, exp.Null | exp.Literal):
        return node
    if isinstance(node.this, exp.Cast) and isinstance(node.this.this, exp.Floor) and node.to.this.name in _WHOLE:
        return exp.Cast(this=node.this.this.copy(), to=node.to.copy())  # a floor is whole already
    kind = exp.Anonymous(this="typeof", expressions=[node.this.copy()])
    exact = exp.In(this=kind, expressions=[text(name) for name in EXACT_TYPES])
    message = f"{node.sql(dialect='duckdb')[:100]} casts a fraction, which the engines do differently"
    refusal = exp.Anonymous(this="raise_error", expressions=[text(message)])
    return exp.Case(ifs=[exp.If(this=exact, true=node.copy())], default=refusal)


def _floor(node: Any) -> Node:
    """Keep the floor of a quotient a fraction, as DuckDB does."""
    if node.args.get("decimals") is not None or not isinstance(node.this, exp.Div):
        raise not_portable(node, "only the floor of a quotient was compared")
    return exp.Cast(this=node.copy(), to=exp.DataType.build("double"))


def _member(node: Any) -> Node:
    """Spell out a subquery's membership where null and false part ways: Spark answers false for DuckDB's null."""
    if node.args.get("query") is None:
        return node
    if isinstance(node.this, exp.Tuple):
        raise not_portable(node, "tuples that hold a null are members in DuckDB and are not in Spark")
    return node if _decides(node) else _three_valued(node)


def _decides(node: Node) -> bool:
    """Whether only truth matters: what is null leaves a row out as what is false does."""
    child, around, negated = node, node.parent, False
    while isinstance(around, exp.And | exp.Or | exp.Paren | exp.Not):
        if isinstance(around, exp.Not):
            # The engine sees a negation only right around the membership, and only one.
            if negated or not isinstance(child, exp.In | exp.Paren):
                return False
            negated = True
        child, around = around, around.parent
    return isinstance(around, exp.Where | exp.Having) or (isinstance(around, exp.If) and around.this is child)


def _three_valued(node: Any) -> Node:
    """Say true, false or null as the standard does: null where the value, or a member of another one, is null."""
    members, value = node.args["query"].this, node.this
    named = exp.TableAlias(this=exp.to_identifier("members"), columns=[exp.to_identifier("member")])
    nulls = exp.select("1").from_(exp.Subquery(this=members.copy(), alias=named)).where("member IS NULL")
    unknown = exp.or_(exp.Exists(this=nulls), exp.and_(_missing(value), exp.Exists(this=members.copy())))
    ifs = [exp.If(this=node.copy(), true=exp.true()), exp.If(this=exp.paren(unknown), true=exp.Null())]
    return exp.Case(ifs=ifs, default=exp.false())


def _distinct(node: Any) -> Node:
    """Refuse a count of distinct tuples: Spark leaves out those with a null."""
    if isinstance(node.parent, exp.Count) and any(isinstance(e, exp.Tuple) for e in node.expressions):
        raise not_portable(node.parent, "distinct tuples with a null are counted differently")
    return node


def _scalar(node: Any) -> Node:
    """Group by a subquery that is selected beside aggregates as well: Spark does not see that it follows the keys."""
    around = node.parent
    while not isinstance(around, exp.Select | exp.AggFunc | exp.From | exp.Join | exp.Where | exp.Having | exp.In):
        if around is None or isinstance(around, exp.Group | exp.Order | exp.SetOperation | exp.CTE):
            return node
        around = around.parent
    if isinstance(around, exp.Select) and around.args.get("group"):
        around.args["group"].append("expressions", node.copy())
    return node


def _tuple(node: Any) -> Node:
    """Refuse a comparison of tuples, whose nulls the engines order differently."""
    if isinstance(node.parent, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE):
        raise not_portable(node.parent, "tuples are compared differently where they hold a null")
    return node


_RULES: dict[type[Node], Callable[[Any], Node]] = {
    exp.ArgMax: _peaks,
    exp.ArgMin: _peaks,
    exp.Struct: _struct,
    exp.Cast: _cast,
    exp.Floor: _floor,
    exp.In: _member,
    exp.Distinct: _distinct,
    exp.Tuple: _tuple,
    exp.Subquery: _scalar,
    exp.Lower: portable_text.lower,
    exp.Upper: portable_text.upper,
    exp.Pad: portable_text.pad,
    exp.Trim: portable_text.trim,
    exp.Like: portable_text.like,
    exp.RegexpLike: portable_text.regular,
    exp.Replace: portable_text.replace,
    exp.SplitPart: portable_text.split_part,
    exp.Chr: portable_text.character,
    exp.SHA2: portable_text.digest,
    exp.Length: portable_lists.length,
    exp.ArrayContains: portable_lists.contains,
    exp.ArrayAgg: portable_lists.collected,
    exp.Array: portable_lists.written,
}
