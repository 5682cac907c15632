/**
 * Certificates of authorities: those that were given, and those that this machine trusts.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { nodeCrypto, nodeTls } from "../core/runtime/builtins.ts";
import { InvalidInputError } from "../core/errors.ts";
import { explainRead, systemCode } from "../core/file_errors.ts";
import { readDirIfExists, readText, readTextIfExists } from "../core/files.ts";
import { quote } from "../core/text.ts";
import { wordsOf } from "./faults.ts";
import type { TransportOptions } from "./transport_options.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * All authorities that are trusted beside the built-in ones, as PEM text, each once.
 * @throws {NotFoundError | InvalidInputError} when the file of the machine's authorities cannot be
 * read or holds no certificate.
 */
export async function trustedCertificates(
  { caCerts = [], authorities = {} }: TransportOptions,
): Promise<string[]> {
  const { file, folders = [] } = authorities;
  const named = [...caCerts, ...file === undefined ? [] : await readAuthorityFile(file)];
  const places = [...await Promise.all(folders.map(readFolder)), await ofSystem()];
  const builtIn = new Set(nodeTls().rootCertificates.map(withoutSpace));
  const found = [...new Set(places.flat().flatMap(blocksOf))]
    // One that is damaged would make the platform refuse all others too.
    .filter((pem) => !builtIn.has(withoutSpace(pem)) && isCertificate(pem));
  return [...new Set([...named, ...found])];
}

/**
 * The certificates of a text, each as one PEM block.
 * @param what Names the text in errors.
 * @throws {InvalidInputError} when there is none, or one of them is damaged: the platform would
 * leave out the others in silence.
 */
export function certificatesIn(text: string, what: string): string[] {
  const blocks = blocksOf(text);
  const damaged = blocks.findIndex((pem) => !isCertificate(pem));
  if (blocks.length > 0 && damaged < 0) return blocks;
  const found = blocks.length === 0
    ? "it holds no PEM certificate"
    : `certificate ${damaged + 1} of ${blocks.length} in it is damaged`;
  throw new InvalidInputError(`Cannot use ${what}: ${found}`);
}

/** The server's certificate is of an authority that is not among those known so far. */
const UNKNOWN_AUTHORITY = /UnknownIssuer/;

/** The authorities of connections: those that were given, until one needs those of the machine. */
export class Trust {
  readonly #options: TransportOptions;
  #caCerts: readonly string[];
  /** Reading them takes time. */
  #ofMachine: Promise<string[]> | undefined;

  /** Begins with the authorities of the options. */
  constructor(options: TransportOptions) {
    this.#options = options;
    this.#caCerts = options.caCerts ?? [];
  }

  /** Connects, and once more with all authorities when those known so far do not vouch. */
  async connecting<Result>(
    connect: (caCerts: readonly string[]) => Promise<Result>,
  ): Promise<Result> {
    const known = this.#caCerts;
    try {
      return await connect(known);
    } catch (error) {
      if (!UNKNOWN_AUTHORITY.test(wordsOf(error))) throw error;
      this.#caCerts = await (this.#ofMachine ??= trustedCertificates(this.#options));
      if (known === this.#caCerts) throw error;
      return await connect(this.#caCerts);
    }
  }
}

async function readAuthorityFile(path: string): Promise<string[]> {
  const text = await readText(path).catch((error) => {
    throw explainRead(path, error);
  });
  return certificatesIn(text, `certificate authorities of ${quote(path)}`);
}

/** The texts of a folder's files. Like other programs, it passes over what it may not read. */
async function readFolder(folder: string): Promise<string[]> {
  const entries = await readDirIfExists(folder);
  const texts = await Promise.all(entries.map(async ({ name }) => {
    try {
      return await readText(join(folder, name));
    } catch (error) {
      if (systemCode(error) === undefined && !(error instanceof InvalidInputError)) throw error;
      return "";
    }
  }));
  return texts.filter((text) => text !== "");
}

/** Where Linux keeps what it trusts, by distribution; Node before 22.15 does not tell it. */
const SYSTEM_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
] as const;

/** What the system trusts; nothing where it has no such store, or it cannot be read. */
async function ofSystem(): Promise<string[]> {
  const { getCACertificates }: Partial<ReturnType<typeof nodeTls>> = nodeTls();
  if (getCACertificates === undefined) return await readFirst(SYSTEM_FILES);
  try {
    return getCACertificates("system");
  } catch {
    return []; // A variable of the process may name a file that is not there: see the places above.
  }
}

/** The text of the first file that is there. */
async function readFirst(paths: readonly string[]): Promise<string[]> {
  for (const path of paths) {
    const text = await readTextIfExists(path);
    if (text !== undefined) return [text];
  }
  return [];
}

/** The PEM blocks of certificates in a text, in the one form that every reader of PEM takes. */
function blocksOf(text: string): string[] {
  return Array.from(text.matchAll(CERTIFICATE), ([, body = ""]) => {
    const lines = body.replace(/\s+/g, "").match(/.{1,64}/g) ?? [];
    return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
  });
}

function isCertificate(pem: string): boolean {
  try {
    return new (nodeCrypto().X509Certificate)(pem) !== undefined;
  } catch {
    return false; // Whoever named it says so; others pass over it.
  }
}

function withoutSpace(pem: string): string {
  return pem.replace(/\s+/g, "");
}
