/** Merkle trees of RFC 6962 section 2.1 (the same in RFC 9162): inclusion and consistency proofs. */

import { sha256 } from "./digest.ts";
import { type Bytes, concat, equal } from "./encoding.ts";
import { VerificationError } from "./errors.ts";

export const HASH_BYTES = 32;
export const MAX_PROOF = 63; // hashes; a tree deeper than that has more leaves than any log

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

function node(left: Bytes, right: Bytes): Bytes {
  return sha256(concat(NODE, left, right));
}

/** Where a walk up the tree stands: positions are up to 2**53, beyond what bit operations on numbers hold. */
class Walk {
  constructor(
    private position: bigint,
    public last: bigint,
  ) {}

  up(): void {
    this.position >>= 1n;
    this.last >>= 1n;
  }

  get isOdd(): boolean {
    return (this.position & 1n) === 1n;
  }

  get isRight(): boolean {
    return this.isOdd || this.position === this.last;
  }

  /** Leave the levels on which this node has no sibling. */
  skip(): void {
    while (this.position && !this.isOdd) this.up();
  }
}

/** Compare the root that leaf and path lead to with `expected` (RFC 9162 section 2.1.3.2). */
export function checkInclusion(leaf: Bytes, index: number, size: number, proof: readonly Bytes[], expected: Bytes): void {
  if (index >= size)
    throw new VerificationError("LEDGER_INCLUSION", `index ${index} is outside a log of ${size} leaves`);
  const walk = new Walk(BigInt(index), BigInt(size - 1));
  let found = sha256(concat(LEAF, leaf));
  for (const sibling of proof) {
    if (walk.last === 0n)
      throw new VerificationError("LEDGER_INCLUSION", "the path is longer than the tree is deep");
    if (walk.isRight) {
      found = node(sibling, found);
      walk.skip();
    } else found = node(found, sibling);
    walk.up();
  }
  if (walk.last !== 0n || !equal(found, expected))
    throw new VerificationError("LEDGER_INCLUSION", `leaf ${index} is not in the log of ${size} leaves that was signed`);
}

/** Compare two roots through a proof; the older log must be a prefix (RFC 9162 section 2.1.4.2). */
export function checkConsistency(old: number, oldRoot: Bytes, now: number, nowRoot: Bytes, proof: readonly Bytes[]): void {
  if (old > now) throw new VerificationError("LEDGER_CONSISTENCY", `a log of ${now} leaves had ${old} before`);
  if (old === 0 || old === now) {
    const expected = old === 0 ? sha256(new Uint8Array()) : nowRoot;
    if (proof.length || !equal(oldRoot, expected))
      throw new VerificationError("LEDGER_CONSISTENCY", `two logs of ${old} leaves have different roots`);
    return;
  }
  const power = (BigInt(old) & (BigInt(old) - 1n)) === 0n;
  const roots = bothRoots(old, now, power ? [oldRoot, ...proof] : proof);
  if (roots === null || !equal(roots[0], oldRoot) || !equal(roots[1], nowRoot))
    throw new VerificationError(
      "LEDGER_CONSISTENCY", `the log of ${now} leaves does not begin with the ${old} leaves of before`,
    );
}

function bothRoots(old: number, now: number, path: readonly Bytes[]): [Bytes, Bytes] | null {
  const [first, ...rest] = path;
  if (first === undefined) return null;
  const walk = new Walk(BigInt(old - 1), BigInt(now - 1));
  while (walk.isOdd) walk.up();
  let [before, after] = [first, first];
  for (const sibling of rest) {
    if (walk.last === 0n) return null;
    if (walk.isRight) {
      [before, after] = [node(sibling, before), node(sibling, after)];
      walk.skip();
    } else after = node(after, sibling);
    walk.up();
  }
  return walk.last === 0n ? [before, after] : null;
}
