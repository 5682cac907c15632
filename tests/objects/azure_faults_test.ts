/** A large object that comes in ranges from an account that misbehaves at any of its tenths. */
import assert from "node:assert/strict";
import { IntegrityError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { openObjectStore } from "../../src/objects/dispatch.ts";
import { downloadToFile } from "../../src/objects/download.ts";
import { PARALLEL_FROM } from "../../src/transfer/to_file.ts";
import { noise, sha256Of } from "../conformance/object_store.ts";
import {
  accountSettings,
  type ScriptedAccount,
  scriptedAccount,
} from "../support/scripted_account.ts";
import { broken, changed, type Script } from "../support/scripted_server.ts";
import { tempFolder } from "../support/temp.ts";

const BYTES = noise(PARALLEL_FROM + 4321);
const SIZE = BYTES.byteLength;
const SHA256 = sha256Of(BYTES);
const URI = "az://data/large.bin";

function storeAt(account: ScriptedAccount, script: Script) {
  const azure = accountSettings(account.scripted(script));
  return openObjectStore({ azure }, { retry: { sleep: () => Promise.resolve() } });
}

async function accountWithObject(): Promise<ScriptedAccount> {
  const account = scriptedAccount();
  const store = storeAt(account, (_, pass) => pass());
  await store.put(URI, bytesSource(BYTES), { sha256: SHA256 });
  return account;
}

/** Downloads the object, of which the answer with one byte is changed once. */
async function download(
  account: ScriptedAccount,
  at: number,
  change: (response: Response, offset: number) => Promise<Response>,
): Promise<void> {
  await using folder = await tempFolder();
  let done = false;
  const store = storeAt(account, async (request, pass) => {
    const response = await pass();
    const range = response.headers.get("Content-Range") ?? "";
    const [, first, last] = /^bytes (\d+)-(\d+)/.exec(range) ?? [];
    const holds = Number(first) <= at && at <= Number(last);
    if (request.method !== "GET" || !holds || done) return response;
    done = true;
    return await change(response, at - Number(first));
  });
  const partialFolder = folder.join("partial");
  const options = { size: SIZE, sha256: SHA256, partialFolder };
  const path = folder.join("out/large.bin");
  try {
    await downloadToFile(store, URI, path, options);
    assert.equal(sha256Of(await Deno.readFile(path)), SHA256);
  } catch (error) {
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    throw error;
  } finally {
    assert.ok(done, `no answer had byte ${at}`);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(partialFolder)), []);
  }
}

const TENTHS = Array.from({ length: 10 }, (_, tenth) => Math.floor(SIZE * tenth / 10));

for (const ending of ["cut", "end"] as const) {
  Deno.test(`an object that comes in ranges survives a line that is lost at any tenth (${ending})`, async () => {
    await using account = await accountWithObject();
    for (const at of TENTHS) {
      await download(account, at, (response, after) => broken(response, { after, ending }));
    }
  });
}

Deno.test("an object that comes in ranges is refused with a wrong byte at any tenth", async () => {
  await using account = await accountWithObject();
  for (const at of TENTHS) {
    const flip = (bytes: Uint8Array<ArrayBuffer>, offset: number) => {
      bytes[offset]! ^= 1;
      return bytes;
    };
    await assert.rejects(
      download(
        account,
        at,
        (response, offset) => changed(response, { bytes: (bytes) => flip(bytes, offset) }),
      ),
      IntegrityError,
    );
  }
});

/** Lies about a range that are found out, and how such a download ends. */
const LIES: Readonly<Record<string, readonly [Record<string, string>, RegExp | undefined]>> = {
  "another range": [{ "Content-Range": `bytes 7-8/${SIZE}` }, undefined],
  "another size": [{ "Content-Range": `bytes 0-8388607/${SIZE + 1}` }, /got \d+ bytes, want \d+/],
  "another version": [{ ETag: '"other"' }, /it was changed meanwhile/],
};

for (const [what, [headers, error]] of Object.entries(LIES)) {
  Deno.test(`an account that says ${what} of a range once is ${error ? "refused" : "asked again"}`, async () => {
    await using account = await accountWithObject();
    const lying = download(account, 0, (response) => changed(response, { headers }));
    if (error === undefined) await lying;
    else await assert.rejects(lying, error);
  });
}
