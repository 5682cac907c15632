/**
 * Certificates of authorities: those that were given, and those that this machine trusts.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { nodeCrypto, nodeTls } from "../core/runtime/builtins.ts";
import { InvalidInputError } from "../core/errors.ts";
import { explainRead, systemCode } from "../core/file_errors.ts";
import { readDirIfExists, readText, readTextIfExists } from "../core/files.ts";
import { wordsOf } from "./faults.ts";
import type { TransportOptions } from "./transport_options.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * All authorities that are trusted beside the built-in ones, as PEM text, each once.
 * @throws {NotFoundError | InvalidInputError} when the file of the machine's authorities cannot be
 * read or holds no certificate.
 */
export async function trustedCertificates(
  { caCerts = [], authorities = {} }: TransportOptions,
): Promise<string[]> {
  const { file, folders = [] } = authorities;
  const places = [
    file === undefined ? [] : await readAuthorityFile(file),
    ...await Promise.all(folders.map(readFolder)),
  ];
  const builtIn = new Set(nodeTls().rootCertificates.map(withoutSpace));
  const more = [...caCerts, ...places.flat(), ...await ofSystem()].flatMap(certificatesOf);
  return [...new Map(more.map((pem) => [withoutSpace(pem), pem]))]
    .flatMap(([key, pem]) => builtIn.has(key) ? [] : [pem]);
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

/**
 * Makes sure that a text begins with a certificate: the platform ignores everything else silently.
 * @throws {InvalidInputError} when it does not.
 */
export function checkCertificate(pem: string, what: string): void {
  try {
    new (nodeCrypto().X509Certificate)(pem);
  } catch (cause) {
    throw new InvalidInputError(`Cannot use ${what}: it holds no PEM certificate`, { cause });
  }
}

async function readAuthorityFile(path: string): Promise<string[]> {
  const text = await readText(path).catch((error) => {
    throw explainRead(path, error);
  });
  checkCertificate(text, `certificate authorities of ${JSON.stringify(path)}`);
  return [text];
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

function certificatesOf(text: string): string[] {
  return text.match(CERTIFICATE) ?? [];
}

function withoutSpace(pem: string): string {
  return pem.replace(/\s+/g, "");
}
