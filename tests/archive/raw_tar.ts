/** Tar archives of any kind, well-formed or not, for tests. @module */
import { tarChecksum, type TarEntry, tarHeader, tarPadding } from "../../src/archive/tar_header.ts";
import { concatBytes } from "../../src/core/streams.ts";

/** A regular file of `root` with the facts that matter to a test. */
export function tarEntry(facts: Partial<TarEntry> = {}): TarEntry {
  return {
    name: "a.txt",
    size: 0,
    mode: 0o644,
    uid: 0,
    gid: 0,
    uname: "root",
    gname: "root",
    mtime: new Date("2025-01-01T00:00:00Z"),
    ...facts,
  };
}

/** An entry of a hand-made archive. */
export interface RawEntry {
  readonly name: string;
  /** Type flag; `0` (a regular file) when absent. */
  readonly type?: string;
  readonly body?: string | Uint8Array;
  readonly link?: string;
  readonly mode?: number;
  /** Bytes put over the header before its checksum is computed. */
  readonly patch?: readonly { readonly at: number; readonly bytes: string | Uint8Array }[];
}

/** The blocks of one entry. */
export function rawEntry(entry: RawEntry): Uint8Array {
  const body = bytesOf(entry.body ?? "");
  const header = tarHeader(tarEntry({ name: "placeholder", size: body.byteLength }));
  const put = (at: number, bytes: string | Uint8Array) => header.set(bytesOf(bytes), at);
  header.fill(0, 0, 100);
  put(0, entry.name.slice(0, 100));
  put(100, (entry.mode ?? 0o644).toString(8).padStart(7, "0"));
  put(156, entry.type ?? "0");
  put(157, entry.link ?? "");
  for (const { at, bytes } of entry.patch ?? []) put(at, bytes);
  put(148, `${tarChecksum(header).toString(8).padStart(6, "0")}\0 `);
  return concatBytes([header, body, tarPadding(body.byteLength)]);
}

/** A whole archive with its end blocks. */
export function rawTar(...entries: readonly RawEntry[]): Uint8Array {
  return concatBytes([...entries.map(rawEntry), new Uint8Array(1024)]);
}

/** A PAX header for the entry after it. */
export function pax(records: Readonly<Record<string, string>>, type = "x"): RawEntry {
  const body = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = bytesOf(rest).byteLength + 1;
    while (bytesOf(`${length}${rest}`).byteLength !== length) length++;
    return `${length}${rest}`;
  });
  return { name: "PaxHeaders.0/x", type, body: body.join("") };
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}
