"""`price-formula` for renewals: each quoted price is at most the prior one and the agreed increase."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.amounts import PERCENT, Percentage
from checks.commitment import Scope
from checks.kernel import MeasureSpec, Query, Reach, Silence
from checks.kernels.document_valid import DocumentValid
from checks.kernels.present import incomplete
from checks.kernels.silence import denials, nothing_happened
from evidence.model import Reason

#: The largest price or basket, in millionths of the currency, of which an increase can be counted in 64 bits.
MAX_PRICE = 900_000_000_000_000
LINE, BASKET = "line", "basket"


@dataclass(frozen=True, slots=True)
class PriceCap:
    """Compare every line of a quote with the price in force on the day before the renewal; the limit itself is allowed.

    Increases are in hundredths of a percent, rounded up, which is exact at the limit. A line without a prior price, a
    prior line without a quoted price, another unit or another currency cannot be compared; nor can a row that does not
    say whether its price is net. With the basis `basket` the
    sums over the expected quantities are compared instead, and every line must be comparable.
    """

    scope: Scope
    increase: Percentage
    basket: bool
    price: str
    lines: tuple[str, ...]
    unless: str | None
    denial: DocumentValid

    name = "price-formula"
    noun = "prices"
    silences = (Silence(("price_lines", "renewal_quotes", "consents")),)

    @property
    def measure(self) -> MeasureSpec:
        """Return the increase in hundredths of a percent."""
        return MeasureSpec("price increase", "%", self.increase.steps, PERCENT)

    def classify(self) -> str:
        """Return one row per quoted line, one per line that a quote leaves out, and one per basket."""
        consents = sql.consents(self.unless, self.scope.vendor, self.scope.consent_offices)
        return f"""
WITH consent AS ({consents}),
{self._quoted()},
{self._prior()},
{self._compared()},
judged AS (
  {self._line_rows()}
  UNION ALL {self._missing_rows()}
  {self._basket_rows()})
{sql.worst_per_record("judged")}
"""

    def _ours(self) -> str:
        return f"(price IS NULL OR price = {sql.text(self.price)})"

    def _quoted(self) -> str:
        columns = "quote_id, unit, currency, price_micros, quoted_at, renews_on, withdrawn_at"
        return f"""
quoted AS (
  SELECT *, count(*) OVER (PARTITION BY record) AS versions,
    coalesce(withdrawn_at <= {self.scope.as_of} AND withdrawn_at >= quoted_at AND NOT broken, false) AS withdrawn
  FROM (
    SELECT record, line, {columns}, broken, min(artefact) AS artefact FROM (
      SELECT coalesce(quote_id || '/' || line, {sql.identity("NULL")}) AS record, lower(line) AS line, {columns},
        artefact, ({incomplete("renewal_quotes")} OR quoted_at > {self.scope.as_of} OR {_odd("price_micros")}) AS broken
      FROM renewal_quotes WHERE {self._ours()}
        AND (quoted_at IS NULL OR (quoted_at >= {self.scope.start} AND quoted_at < {self.scope.end}))) AS stated
    GROUP BY record, line, {columns}, broken) AS once),
quote AS (
  SELECT quote_id, renews_on, min(quoted_at) AS quoted_at, min(artefact) AS artefact FROM quoted
  WHERE quote_id IS NOT NULL AND renews_on IS NOT NULL AND NOT withdrawn GROUP BY quote_id, renews_on)"""

    def _prior(self) -> str:
        """Return per quote and line the prices in force on the day before the renewal; the contract's lines always.

        One that ends before it begins may be in force on any day.
        """
        named = sql.rows("named", ("line",), [(sql.text(sql.tidy(n).lower()),) for n in sorted(set(self.lines))])
        return f"""
{named},
carded AS (
  SELECT lower(line) AS line, unit, currency, price_micros, effective_from, effective_to, quantity,
    ({incomplete("price_lines")} OR effective_to < effective_from OR {_odd("price_micros")} OR quantity < 0) AS broken
  FROM price_lines WHERE price IS NULL OR price = {sql.text(self.price)}),
prior AS (
  SELECT q.quote_id, q.renews_on, c.line, count(*) AS cards,
    count(c.effective_from) + count(c.effective_to) AS dates, min(c.price_micros) AS lowest,
    max(c.price_micros) AS highest, count(c.price_micros) AS priced, min(c.unit) AS unit, max(c.unit) AS other_unit,
    min(c.currency) AS currency, max(c.currency) AS other_currency, max(CASE WHEN c.broken THEN 1 ELSE 0 END) AS broken,
    min(c.quantity) AS quantity, max(c.quantity) AS other_quantity, count(c.quantity) AS weighed
  FROM (SELECT DISTINCT quote_id, renews_on FROM quoted) AS q JOIN carded AS c
    ON coalesce(c.effective_to < c.effective_from, false)
    OR (coalesce(c.effective_from < q.renews_on, true) AND coalesce(c.effective_to >= q.renews_on - 1, true))
  WHERE c.line IS NOT NULL GROUP BY q.quote_id, q.renews_on, c.line),
due AS (
  SELECT quote_id, renews_on, line FROM prior
  UNION SELECT q.quote_id, q.renews_on, n.line FROM quote AS q, named AS n)"""

    def _compared(self) -> str:
        """Return each quoted line with its increase over the highest and over the lowest prior price."""
        return f"""
compared AS (
  SELECT q.*, coalesce(p.cards, 0) AS cards, p.broken AS card_broken, p.lowest, p.highest, p.quantity,
    coalesce(p.weighed = p.cards AND p.quantity = p.other_quantity, false) AS weighed,
    coalesce(p.priced = p.cards AND p.dates = 2 * p.cards AND p.unit = p.other_unit AND lower(p.unit) = lower(q.unit)
      AND lower(p.currency) = lower(p.other_currency) AND lower(p.currency) = lower(q.currency)
      AND p.highest <= {MAX_PRICE} AND p.lowest >= 0 AND q.price_micros >= 0 AND q.price_micros <= {MAX_PRICE}, false)
      AS comparable,
    {_rise("q.price_micros", "p.highest")} AS least, {_rise("q.price_micros", "p.lowest")} AS most
  FROM quoted AS q LEFT JOIN prior AS p
    ON p.quote_id = q.quote_id AND p.renews_on = q.renews_on AND p.line = q.line)"""

    def _line_rows(self) -> str:
        limit, agreed = self.increase.steps, self._agreed("quote_id, record, line", "quoted_at")
        sound = "comparable AND NOT broken AND card_broken = 0"
        over = "1 = 0" if self.basket else f"{sound} AND versions = 1 AND least > {limit}"
        within = "most >= 0" if self.basket else f"most <= {limit}"
        unfit = "(NOT broken AND versions = 1 AND (cards = 0 OR NOT comparable))"
        cases = (
            ("versions > 1", Reason.CONTRADICTED),
            ("broken OR coalesce(card_broken, 0) = 1", Reason.UNREADABLE_ROWS),
            ("unfit", Reason.INCOMPLETE_COVERAGE),
            (f"NOT {within}", Reason.CONTRADICTED),
        )
        doubt = " ".join(f"WHEN {condition} THEN '{reason}'" for condition, reason in cases)
        measure = "CAST(NULL AS BIGINT)" if self.basket else "CASE WHEN over THEN least WHEN NOT agreed THEN most END"
        return f"""
  SELECT '{LINE}' AS subject, record, quoted_at AS moment, outcome,
    CASE outcome WHEN 'violation' THEN line || ' rises by more than the cap'
                 WHEN 'unknown' THEN CASE WHEN over THEN '{Reason.UNREADABLE_ROWS}' ELSE doubt END ELSE '' END AS why,
    CASE WHEN comparable AND NOT (over AND agreed) THEN nullif({measure}, {MAX_PRICE}) END AS measure, artefact
  FROM (
    SELECT *, CASE WHEN withdrawn THEN 'excused' WHEN agreed AND (over OR unfit) THEN 'ok'
                   WHEN over AND NOT doubted THEN 'violation' WHEN over OR doubt IS NOT NULL THEN 'unknown'
                   ELSE 'ok' END AS outcome
    FROM (SELECT *, CASE {doubt} END AS doubt FROM (
      SELECT *, {agreed}, ({over}) AS over, {unfit} AS unfit FROM compared) AS fitted) AS doubtful) AS ruled"""

    def _agreed(self, names: str, moment: str) -> str:
        """Return whether the customer agreed to a change of scope that names the price (`agreed`), or may have."""
        named = f"lower(s.scope) IN ({', '.join(f'lower({n.strip()})' for n in names.split(','))})"
        return (
            f"EXISTS (SELECT 1 FROM consent AS s WHERE s.sure AND s.granted_at <= {moment} "
            f"AND (s.expires_at IS NULL OR s.expires_at >= {moment}) AND {named}) AS agreed, "
            f"EXISTS (SELECT 1 FROM consent AS s WHERE NOT s.sure AND (s.scope IS NULL OR {named})) AS doubted"
        )

    def _missing_rows(self) -> str:
        """A line that a quote leaves out may be in it elsewhere, at any price; so may one withdrawn from the rest."""
        return f"""
  SELECT '{LINE}', quote_id || '/' || line, quoted_at, CASE WHEN agreed THEN 'ok' ELSE 'unknown' END,
    CASE WHEN agreed THEN 'agreed' ELSE '{Reason.INCOMPLETE_COVERAGE}' END, CAST(NULL AS BIGINT), artefact
  FROM (SELECT d.quote_id, d.line, q.quoted_at, q.artefact, {self._agreed("d.quote_id, d.line", "q.quoted_at")}
        FROM due AS d JOIN quote AS q ON q.quote_id = d.quote_id AND q.renews_on = d.renews_on
        LEFT JOIN quoted AS o ON o.quote_id = d.quote_id AND o.line = d.line AND NOT o.withdrawn
        WHERE o.line IS NULL) AS m"""

    def _basket_rows(self) -> str:
        """Sum a quote over the expected quantities; what cannot be compared leaves the sum unknown."""
        if not self.basket:
            return ""
        limit = self.increase.steps
        fits = "c.comparable AND c.versions = 1 AND NOT c.broken AND c.card_broken = 0 AND c.lowest = c.highest"
        fits += f" AND c.weighed AND c.quantity <= {MAX_PRICE} // greatest(c.price_micros, c.highest, 1)"
        whole = f"(lines = fit AND lines = due AND before <= {MAX_PRICE} AND after <= {MAX_PRICE} AND before > 0)"
        over = f"({whole} AND rise > {limit})"
        rise = _rise(f"least(after, {MAX_PRICE})", f"least(before, {MAX_PRICE})")
        return f"""
  UNION ALL
  SELECT '{BASKET}', quote_id, moment,
    CASE WHEN over AND agreed THEN 'ok' WHEN over AND NOT doubted THEN 'violation'
         WHEN over OR flawed OR NOT whole THEN 'unknown' ELSE 'ok' END,
    CASE WHEN over AND agreed THEN 'agreed' WHEN over AND NOT doubted THEN 'the basket rises by more than the cap'
         WHEN over OR flawed THEN '{Reason.UNREADABLE_ROWS}' WHEN NOT whole THEN '{Reason.INCOMPLETE_COVERAGE}'
         ELSE '' END,
    CASE WHEN whole AND NOT (over AND agreed) THEN rise END, artefact
  FROM (SELECT *, {whole} AS whole, {over} AS over, {self._agreed("quote_id", "moment")} FROM (
    SELECT *, {rise} AS rise FROM (
      SELECT c.quote_id, min(c.quoted_at) AS moment, min(c.artefact) AS artefact, count(*) AS lines,
        count(CASE WHEN {fits} THEN 1 END) AS fit, bool_or(c.broken) AS flawed,
        CAST(sum(CASE WHEN {fits} THEN c.price_micros * c.quantity ELSE 0 END) AS BIGINT) AS after,
        CAST(sum(CASE WHEN {fits} THEN c.highest * c.quantity ELSE 0 END) AS BIGINT) AS before, min(d.due) AS due
      FROM compared AS c JOIN (SELECT quote_id, count(DISTINCT line) AS due FROM due GROUP BY quote_id) AS d
        ON d.quote_id = c.quote_id
      WHERE NOT c.withdrawn GROUP BY c.quote_id) AS summed) AS risen) AS basket"""

    def reach(self, query: Query) -> Reach:
        """Return that there was a quote, or that the vendor signed that there was none."""
        adrift = "(SELECT count(*) FROM price_lines WHERE line IS NULL)"
        quotes, nameless = query(f"SELECT count(*), {adrift} FROM classified")[0]
        if not quotes:
            return nothing_happened(
                query, self.denial, "renewal", f"SELECT quoted_at AS moment FROM renewal_quotes WHERE {self._ours()}"
            )
        denied = denials(query, self.denial)
        gaps = {Reason.UNREADABLE_ROWS} if nameless else set[Reason]()
        return Reach(gaps=frozenset(gaps | ({Reason.CONTRADICTED} if denied else set())), contradicting=denied)


def _odd(price: str) -> str:
    return f"{price} < 0 OR {price} > {MAX_PRICE}"


def _rise(new: str, old: str) -> str:
    """Return the increase in hundredths of a percent, rounded up; from nothing to something it has no bound."""
    grown = f"(greatest({new} - {old}, 0) * {100 * PERCENT} + {old} - 1) // nullif({old}, 0)"
    return f"CASE WHEN {old} = 0 THEN CASE WHEN {new} > 0 THEN {MAX_PRICE} ELSE 0 END ELSE {grown} END"
