/** The packages of npm whose code is in the bundle, as the lockfile has them. @module */
import { fileURLToPath } from "node:url";
import { compareText } from "../../src/core/text.ts";

/** A package of npm. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of its archive, in hexadecimal digits. */
  readonly sha512: string;
}

/** What is read of a lockfile of Deno. */
export interface Lockfile {
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
}

/**
 * The packages that specifiers need, with all that those need in turn, ordered by name.
 * @throws {Error} when the lockfile does not have one.
 */
export function bundledPackages(specifiers: readonly string[], lock: Lockfile): BundledPackage[] {
  const found = new Map<string, BundledPackage>();
  const wanted = [...specifiers];
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const key = lockedKey(next, lock);
    if (found.has(key)) continue;
    const { integrity, dependencies = [] } = lock.npm[key]!;
    const [, name = "", version = ""] = /^(.+?)@([^_@]+)(?:_.*)?$/.exec(key) ?? [];
    const sha512 = Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
    found.set(key, { name, version, sha512 });
    wanted.push(...dependencies);
  }
  return [...found.values()].sort((a, b) => compareText(a.name, b.name));
}

/** The entry of a package: dependencies name a version only where there are several. */
function lockedKey(name: string, { npm }: Lockfile): string {
  const keys = Object.keys(npm);
  const key = keys.find((each) => each === name || each.startsWith(`${name}_`)) ??
    keys.find((each) => each.startsWith(`${name}@`));
  if (key === undefined) throw new Error(`Cannot find "${name}" in the lockfile`);
  return key;
}

/** The packages of this tree's program: those that `src/deps` names. */
export async function packagesOfProgram(): Promise<BundledPackage[]> {
  const tree = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const specifiers: string[] = [];
  for await (const { name } of Deno.readDir(tree("src/deps"))) {
    const text = await Deno.readTextFile(tree(`src/deps/${name}`));
    const named = text.matchAll(/"npm:((?:@[\w.-]+\/)?[\w.-]+@\d[\w.-]*)/g);
    specifiers.push(...Array.from(named, ([, specifier = ""]) => specifier));
  }
  return bundledPackages(specifiers, JSON.parse(await Deno.readTextFile(tree("deno.lock"))));
}
