"""What of DuckDB's grammar may pass to Spark at all, and the refusal of everything else."""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlglot import exp

from evidence.errors import ProbityError

#: A node of sqlglot's tree; its classes are untyped.
Node: TypeAlias = Any

_BARE = (exp.Null, exp.Star, exp.RowNumber)
_ONE = (
    *(exp.From, exp.Where, exp.Having, exp.Paren, exp.Boolean, exp.Not, exp.Exists, exp.Neg),
    *(exp.Abs, exp.Floor, exp.Sum, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd, exp.Lag, exp.Lead, exp.Lower),
    *(exp.Upper, exp.Length, exp.Var, exp.DataType, exp.ArrayAgg, exp.Explode),
)
_TWO = (
    *(exp.And, exp.Or, exp.Is, exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Nullif, exp.ArgMax, exp.ArgMin, exp.Filter),
    *(exp.StartsWith, exp.Contains, exp.PropertyEQ, exp.ArrayContains, exp.ArrayFilter, exp.Transform, exp.RegexpLike),
    exp.StructExtract,
)
_MANY = (exp.Distinct, exp.Tuple, exp.Struct, exp.With, exp.Order, exp.Array, exp.Chr)
_OTHER: dict[type[Any], str] = {
    exp.Select: "expressions distinct from_ joins where group having windows order limit offset with_",
    exp.Union: "this expression distinct order limit offset with_",
    exp.Group: "expressions all",
    exp.Ordered: "this desc nulls_first",
    exp.Subquery: "this alias",
    exp.CTE: "this alias",
    exp.Table: "this alias",
    exp.TableAlias: "this columns",
    exp.Limit: "expression",
    exp.Offset: "expression",
    exp.Join: "this on kind side",
    exp.Values: "expressions alias",
    exp.Alias: "this alias",
    exp.Column: "this table",
    exp.Identifier: "this quoted",
    exp.Literal: "this is_string",
    exp.Case: "this ifs default",
    exp.If: "this true false",
    exp.Between: "this low high",
    exp.In: "this expressions query",
    exp.Like: "this expression negate",
    exp.DPipe: "this expression safe",
    exp.Coalesce: "this expressions",
    exp.Greatest: "this expressions ignore_nulls",
    exp.Least: "this expressions ignore_nulls",
    exp.Count: "this big_int",
    exp.Window: "this alias over partition_by order spec",
    exp.WindowSpec: "kind start start_side end end_side",
    exp.Trim: "this expression position",
    exp.Cast: "this to",
    exp.Lambda: "this expressions",
    exp.Replace: "this expression replacement",
    exp.SplitPart: "this delimiter part_index",
    exp.SHA2: "this length",
    exp.Pad: "this expression fill_pattern is_left",
}

#: Grammar and functions that mean the same on both engines once they are rewritten, with the arguments that may stand
#: in them. An argument that a rewrite does not know would be lost from it without a word.
SAME: dict[type[Any], frozenset[str]] = {
    **dict.fromkeys(_BARE, frozenset()),
    **dict.fromkeys(_ONE, frozenset({"this"})),
    **dict.fromkeys(_TWO, frozenset({"this", "expression"})),
    **dict.fromkeys(_MANY, frozenset({"expressions"})),
    **{kind: frozenset(names.split()) for kind, names in _OTHER.items()},
}


def require_known(node: Node) -> None:
    """Raise `ProbityError` for a construct, or an argument of one, that was never compared on both engines."""
    if type(node) not in SAME:
        raise not_portable(node, f"{type(node).__name__} was never compared on both engines; see docs/spark.md")
    stated = {name for name, value in node.args.items() if value not in (None, False, "", [])}
    unknown = sorted(stated - SAME[type(node)])
    if unknown:
        raise not_portable(node, f"{unknown[0]} of {type(node).__name__} was never compared; see docs/spark.md")


def not_portable(node: Node, why: str) -> ProbityError:
    """Return the error for a construct that the engines read differently."""
    return ProbityError(f"{node.sql(dialect='duckdb')[:120]!r} is not portable to Spark: {why}")


def text(value: str) -> Node:
    """Return a text literal."""
    return exp.Literal.string(value)
