/** What ends a step or the whole verification; the reason codes are those of `evidence/*.py`. */

/** The bundle does not verify; `reason` is a stable code. */
export class VerificationError extends Error {
  constructor(
    readonly reason: string,
    readonly detail: string,
  ) {
    super(`${reason}: ${detail}`);
  }
}

/** A step that the reader's policy does not need, or that has nothing to look at. */
export class NotRun extends Error {
  constructor(
    readonly reason: string,
    readonly detail: string,
  ) {
    super(`${reason}: ${detail}`);
  }
}

/** A step that this page, or this browser, cannot check: never counted as passed, and named in the answer. */
export class NotCheckedHere extends NotRun {
  constructor(detail: string) {
    super(NOT_CHECKED_HERE, detail);
  }
}

export const NOT_CHECKED_HERE = "NOT_CHECKED_HERE";

/** What the reader gave is not usable: no bundle was judged. */
export class BadInput extends Error {
  constructor(
    readonly code: string,
    readonly place: string,
    readonly what: string,
    readonly hint = "",
  ) {
    super(`${place}: ${what}`);
  }
}
