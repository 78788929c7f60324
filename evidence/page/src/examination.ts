/** One bundle under examination: what the numbered steps share, and what they have proved so far. */

import type { Chain } from "./chain.ts";
import type { Container } from "./container.ts";
import { hasher, sha256Hex } from "./digest.ts";
import type { Bytes } from "./encoding.ts";
import { NotRun, VerificationError } from "./errors.ts";
import type { Findings } from "./references.ts";
import type { Statement } from "./statement.ts";
import type { Trust } from "./trust.ts";
import type { ProvenTime, SealLevel, SignedBy, TimeLevel } from "./verification.ts";

/** What the steps have proved; published only when the whole bundle verified. */
export class Proved {
  signers: SignedBy[] = [];
  time: ProvenTime = { proven: null, source: "local-clock", claimed: null };
  sealLevel: SealLevel = "simple";
  timeLevel: TimeLevel = "local-clock";
  open: string[] = []; // what was not proved, in the reader's words
}

/** A step may rely on those before it; none runs after a failure. */
export class Examination {
  container: Container | null = null;
  expectedMembers: number | null = null;
  digests = new Map<string, string>();
  tags = new Map<string, Bytes>();
  manifests = new Map<string, string>();
  statement: Statement | null = null;
  findings: Findings | null = null;
  sealedBy: number | null = null; // the trusted time before which the seals existed, from step 4
  archivedBy: number | null = null; // the trusted time before which all of `seal/` existed
  readonly stampChains = new Map<string, Chain>();
  readonly proved = new Proved();

  constructor(
    readonly file: Blob,
    readonly trust: Trust | null,
    readonly at: number | null,
    readonly onProgress: (done: number, total: number) => void,
  ) {}

  /** Return the reader's trust, or end the step as not run. */
  trusted(): Trust {
    if (this.trust === null)
      throw new NotRun("NO_TRUST", "without a trust folder there are no keys and no demands to check against");
    return this.trust;
  }

  opened(): Container {
    if (this.container === null) throw new VerificationError("NOT_A_BUNDLE", "the container was not read");
    return this.container;
  }

  stated(): Statement {
    if (this.statement === null) throw new VerificationError("SEAL_MISSING", "the statement was not read");
    return this.statement;
  }

  has(name: string): boolean {
    return this.opened().entries.has(name);
  }

  /** Return the sorted names of the members below a folder such as `seal/`. */
  names(prefix: string): string[] {
    return [...this.opened().entries.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  /** Yield a member in pieces; DIGEST_MISMATCH at its end when it is not what step 3 saw any more. */
  async *chunks(name: string): AsyncGenerator<Bytes> {
    const digest = hasher();
    for await (const chunk of this.opened().chunks(name)) {
      digest.update(chunk);
      yield chunk;
    }
    this.demandDigest(name, digest.hex());
  }

  /** Return a member whose digest is still the one of step 3: the file may have changed under us. */
  async read(name: string, limit: number): Promise<Bytes> {
    const data = await this.opened().read(name, limit);
    this.demandDigest(name, sha256Hex(data));
    return data;
  }

  private demandDigest(name: string, found: string): void {
    if (found !== this.digests.get(name))
      throw new VerificationError("DIGEST_MISMATCH", `${name}: changed while it was being verified`);
  }
}
