/** The Node form has what the sources use, and what Node 20 lacks. */
import assert from "node:assert/strict";
import { readSources } from "../../../scripts/source_files.ts";
import { tempFolder } from "../../support/temp.ts";
import * as platform from "../../../src/platform/node/mod.ts";

/** What takes another way where the first of these is missing, which is asked for before. */
const OPTIONAL = [
  "Deno.createHttpClient",
  "Deno.connect",
  "Deno.listenDatagram",
  "Deno.startTls",
  "Deno.unrefTimer",
];

/** Methods that the sources call of other things: stores, streams, and the standard streams. */
const OF_OTHERS = ["constructor", "write", "isTerminal", "lock"];

/** The sources that the package for npm is made of, without comments. */
async function sources(): Promise<string[]> {
  const found = [...await readSources("src")].filter(([path]) => !path.startsWith("src/platform/"));
  return found.map(([, text]) => text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, ""));
}

/** All that a pattern finds, each once and in order. */
async function uses(pattern: RegExp): Promise<string[]> {
  const texts = await sources();
  return [...new Set(texts.flatMap((text) => text.match(pattern) ?? []))].sort();
}

/** Follows a path such as `Deno.errors.NotFound`. */
function has(path: string): boolean {
  let value: unknown = platform;
  for (const name of path.split(".")) {
    if (!(name in Object(value))) return false;
    value = Object(value)[name];
  }
  return true;
}

Deno.test("the Node form has each member of Deno that the sources use", async () => {
  // A name in capitals alone is a type, but for what is made, asked for, or looked into.
  const values =
    /(?<=\b(new|instanceof|typeof) )Deno(\.\w+)+|\bDeno\.[a-z]\w*(\.[A-Z]\w*)?|\bDeno(\.[A-Z]\w*){2}/g;
  const used = (await uses(values)).filter((path) => !OPTIONAL.includes(path));
  assert.ok(used.length > 40, used.join(" "));
  assert.deepEqual(used.filter((path) => !has(path)), []);
});

Deno.test("open files of the Node form have each method that those of Deno have and the sources call", async () => {
  await using folder = await tempFolder();
  using file = platform.Deno.openSync(await folder.write("file", ""), { read: true });
  const called = await uses(/(?<=\.)\w+(?=\()/g);
  const methods = Object.getOwnPropertyNames(Deno.FsFile.prototype)
    .filter((name) => called.includes(name) && !OF_OTHERS.includes(name));
  assert.ok(methods.length > 10, methods.join(" "));
  assert.deepEqual(methods.filter((name) => !(name in file)), []);
});

Deno.test("stacks of the Node form have each method that those of Deno have and the sources call", async () => {
  const called = await uses(/(?<=\.)\w+(?=\()/g);
  for (const name of ["AsyncDisposableStack", "DisposableStack"] as const) {
    const members = Reflect.ownKeys(globalThis[name].prototype).filter((key) =>
      key !== "constructor" && key !== Symbol.toStringTag &&
      (typeof key === "symbol" || called.includes(key))
    );
    assert.ok(members.length >= 3, members.map(String).join(" "));
    const ours = platform[name].prototype;
    assert.deepEqual(members.filter((key) => !(key in ours)), [], name);
  }
});

/** Static functions that came after Node 20.0, as far as TypeScript's library knows them. */
const LATER_FUNCTIONS = [
  ...["Promise.withResolvers", "Promise.try", "Array.fromAsync", "Map.groupBy", "Object.groupBy"],
  ...["URL.parse", "RegExp.escape", "Error.isError", "Uint8Array.fromBase64", "Uint8Array.fromHex"],
  ...["Iterator.from", "Iterator.concat", "Math.sumPrecise", "Atomics.waitAsync", "Atomics.pause"],
  ...["AbortSignal.any", "ReadableStream.from", "AsyncDisposableStack", "DisposableStack"],
  ...["SuppressedError", "navigator.hardwareConcurrency", "process.getBuiltinModule"],
];

Deno.test("functions that Node 20 lacks come from the Node form", async () => {
  const pattern = new RegExp(`\\b(${LATER_FUNCTIONS.join("|")})\\b`.replaceAll(".", "\\."), "g");
  const missing = (await uses(pattern)).filter((name) => !(name in platform));
  // Node has these since 20.3 and 20.6.
  assert.deepEqual(missing.filter((name) => !/^(AbortSignal|ReadableStream)/.test(name)), []);
});

Deno.test("no methods are called that Node 20 lacks, which nobody can put in place", async () => {
  const later = [
    /\.(toHex|toBase64|setFromHex|setFromBase64|getOrInsert|getOrInsertComputed)\(/g,
    /\.(isDisjointFrom|isSubsetOf|isSupersetOf|symmetricDifference|difference|intersection)\(/g,
    // Those of the schema library are its own.
    /(?<!\bz)\.union\(/g,
    /\.(values|keys|entries)\(\)\s*\.\w+/g,
    /\.matchAll\([^()]*\)\s*\.\w+/g,
    /\.transferToFixedLength\(/g,
  ];
  for (const pattern of later) {
    const found = (await uses(pattern)).filter((use) => !/\.next$/.test(use));
    assert.deepEqual(found, [], String(pattern));
  }
});
