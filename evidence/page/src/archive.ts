/** What vouches for seals over the years: archive lists, and certificates and revocation lists beside the seals. */

import { Certificate, certificatePem } from "./certificate.ts";
import { type Chain, pairwise } from "./chain.ts";
import { DerFault } from "./der.ts";
import { ascii, type Bytes, equal, fromPem, latin1, pem } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import type { Examination } from "./examination.ts";
import { ARCHIVE, LTV, SEAL } from "./layout.ts";
import { render, TAG_MANIFEST } from "./manifest.ts";
import { isAbout, RevocationList } from "./revocation.ts";
import type { Authorities } from "./timestamp.ts";

const MAX_LTV_BYTES = 4 * 1024 * 1024; // revocation lists of public authorities have thousands of entries

/** Return the archive lists that are there, oldest first. */
export function listsIn(names: Iterable<string>): string[] {
  return [...names].filter((name) => /^archive\/[0-9]{4}-sha256\.txt$/.test(name)).sort();
}

/** Compare a list with the members: the tag manifest, all of `seal/`, and everything of earlier lists. */
export function checkList(name: string, data: Bytes, digests: ReadonlyMap<string, string>): void {
  const covered = [...digests].filter(
    ([n]) => n.startsWith(SEAL) || (n.startsWith(ARCHIVE) && n < name) || n === TAG_MANIFEST,
  );
  if (!equal(data, render(new Map(covered))))
    throw new VerificationError("ARCHIVE_MISMATCH", `${name}: does not list what the bundle's seals consist of`);
}

/** Return what `seal/ltv/` holds, with the reader's roots for stamps; every file is one object in its one PEM form. */
export async function readArchived(examination: Examination): Promise<Authorities> {
  const certificates: Certificate[] = [];
  const lists: RevocationList[] = [];
  for (const name of examination.names(LTV)) {
    const data = await examination.read(name, MAX_LTV_BYTES);
    const isList = name.endsWith(".crl");
    const label = isList ? "X509 CRL" : "CERTIFICATE";
    const der = fromPem(latin1(data), label)?.[0];
    if (der === undefined) throw new VerificationError("LTV_FORM", `${name}: cannot be read`);
    try {
      if (isList) lists.push(new RevocationList(der));
      else certificates.push(new Certificate(der));
    } catch (cause) {
      if (cause instanceof DerFault)
        throw new VerificationError("LTV_FORM", `${name}: cannot be read (${cause.message})`);
      throw cause;
    }
    if (!equal(ascii(isList ? pem(label, der) : certificatePem(der)), data))
      throw new VerificationError("LTV_FORM", `${name}: not in the one PEM form of its content`);
  }
  return { roots: examination.trusted().tsaRoots, certificates, lists };
}

/** LTV_UNUSED when an archived object is about no chain of the bundle: nothing would have looked at it. */
export async function checkUsed(archived: Authorities, chains: readonly Chain[]): Promise<void> {
  const members = new Set(chains.flatMap((chain) => chain.map((certificate) => certificate.fingerprint)));
  for (const certificate of archived.certificates)
    if (!members.has(certificate.fingerprint))
      throw new VerificationError("LTV_UNUSED", `${LTV}: a certificate of no chain of this bundle`);
  const pairs = chains.flatMap((chain) => pairwise(chain));
  for (const list of archived.lists) {
    const about = await Promise.all(pairs.map(([certificate, issuer]) => isAbout(list, certificate, issuer)));
    if (!about.includes(true))
      throw new VerificationError("LTV_UNUSED", `${LTV}: a revocation list about no certificate of this bundle`);
  }
}
