/**
 * What registries turned out not to do, remembered from one run to the next, so that it is found
 * out once and not with every push.
 *
 * The memory is one small JSON file that is the user's alone. Whatever in it cannot be read is as
 * if it were not there: losing it costs a refused request. It is forgotten after a week, since
 * registries change.
 * @module
 */
import { dirname } from "../core/runtime/path.ts";
import { isRecord } from "../core/json.ts";
import { makePrivateFolder, readTextIfExists } from "../core/files.ts";
import { writeFileAtomic } from "../core/staged_file.ts";

/** What a registry does not do with uploads; at first it is taken to do all of it. */
export interface RegistryLimits {
  /** The largest body of a request that it takes, in bytes. */
  readonly largestBody?: number;
  /** Bytes that a part has to have at least, save the last one. */
  readonly leastPart?: number;
  /** Whether it takes blobs only as a whole. */
  readonly wholeOnly?: boolean;
  /**
   * What it keeps of an upload whose connection is lost: the parts that were finished before, or
   * nothing. When absent, every byte that came.
   */
  readonly keeps?: "parts" | "nothing";
  /** Whether it does not answer HEAD for blobs. */
  readonly noHead?: boolean;
}

/** No body is smaller for its own sake, in bytes: whatever says so is damaged. */
export const SMALLEST_BODY = 256 * 1024;

/** Registries that are remembered; those that were learned of first are forgotten first. */
const MOST_REGISTRIES = 200;

/** Bytes of the file that are read: far more than so many registries need. */
const LARGEST_FILE = 256 * 1024;

/** Milliseconds after which what was learned is found out anew. */
const FORGOTTEN_AFTER = 7 * 24 * 3600 * 1000;

interface Entry {
  readonly limits: RegistryLimits;
  /** When it was learned, in milliseconds since the epoch. */
  readonly at: number;
}

/** Remembers the limits of registries in a file. */
export class KnownRegistries {
  readonly #path: string;
  readonly #now: () => number;

  /** Makes a memory in a file; nothing is read or written yet. */
  constructor(path: string, now: () => number = Date.now) {
    this.#path = path;
    this.#now = now;
  }

  /** What is known of a registry. */
  async limits(registry: string): Promise<RegistryLimits> {
    return (await this.#read()).get(registry)?.limits ?? {};
  }

  /** Remembers what is known of a registry now. */
  async remember(registry: string, limits: RegistryLimits): Promise<void> {
    const entries = await this.#read();
    entries.delete(registry);
    entries.set(registry, { limits, at: this.#now() });
    const kept = [...entries].slice(-MOST_REGISTRIES);
    const text = JSON.stringify(Object.fromEntries(kept), undefined, 1);
    await makePrivateFolder(dirname(this.#path));
    await writeFileAtomic(this.#path, new TextEncoder().encode(text), {
      mode: 0o600,
      tidy: true,
    });
  }

  async #read(): Promise<Map<string, Entry>> {
    const entries = parseEntries(await readTextIfExists(this.#path) ?? "");
    const now = this.#now();
    return new Map(entries.filter(([, { at }]) => at <= now && at > now - FORGOTTEN_AFTER));
  }
}

function parseEntries(text: string): [string, Entry][] {
  if (text.length > LARGEST_FILE) return [];
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return []; // Damaged, or not there: nothing is known.
  }
  if (!isRecord(document)) return [];
  return Object.entries(document).flatMap(([registry, value]): [string, Entry][] => {
    if (!isRecord(value) || !isRecord(value.limits)) return [];
    if (typeof value.at !== "number") return [];
    return [[registry, { limits: checkedLimits(value.limits), at: value.at }]];
  });
}

/** The limits in a document, each only when it is one. */
function checkedLimits(
  { largestBody, leastPart, wholeOnly, keeps, noHead }: Readonly<Record<string, unknown>>,
): RegistryLimits {
  return {
    ...(isSize(largestBody) && largestBody >= SMALLEST_BODY && { largestBody }),
    ...(isSize(leastPart) && { leastPart }),
    ...(wholeOnly === true && { wholeOnly }),
    ...((keeps === "parts" || keeps === "nothing") && { keeps }),
    ...(noHead === true && { noHead }),
  };
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
