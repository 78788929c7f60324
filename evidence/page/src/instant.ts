/** Instants as RFC 3339 texts and as milliseconds since 1970, with a fraction where there are microseconds. */

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Return the instant of a text, or null when it is none or has no UTC offset. */
export function parseInstant(text: string): number | null {
  const match = INSTANT.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number, number, number, number, number, number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (year === 0 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (hour > 23 || minute > 59 || second > 59 || Number(match[9] ?? 0) > 23 || Number(match[10] ?? 0) > 59) return null;
  const offset = (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * (match[8] === "-" ? -1 : 1);
  const micros = Number((match[7] ?? "").padEnd(6, "0"));
  const instant = date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + micros / 1000;
  return instant <= LAST + 0.999 && new Date(instant).getUTCFullYear() > 0 ? instant : null;
}

/** Return whether a text is an instant in the one form in which results are written: UTC, `Z`, no needless zeros. */
export function isCanonicalInstant(text: string): boolean {
  return text.endsWith("Z") && !/\.0*Z$|\.\d{1,5}Z$/.test(text) && parseInstant(text) !== null;
}

/** Return an instant as RFC 3339 in UTC, with fractions only where there are any. */
export function instantText(instant: number): string {
  const whole = Math.floor(instant / 1000);
  const micros = Math.round((instant - whole * 1000) * 1000);
  const text = new Date(whole * 1000).toISOString().slice(0, 19);
  return micros ? `${text}.${String(micros).padStart(6, "0")}Z` : `${text}Z`;
}
