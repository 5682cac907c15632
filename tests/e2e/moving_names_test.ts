/** Names that lead to the internet when they are checked, and inside when they are connected to. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runCommand, runOk } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { INSIDE, NAME_CASES, type NameOutcome, OUTSIDE } from "../support/moving_names.ts";
import { noteSkipped } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const SCRIPT = fileURLToPath(new URL("../support/moving_names.ts", import.meta.url));

/** What a shell does in namespaces of its own before it becomes a program: `$0` is the resolver. */
const SET_UP = [
  "ip link set lo up",
  ...[OUTSIDE, INSIDE].map((address) => `ip addr add ${address}/32 dev lo`),
  'mount --bind "$0" /etc/resolv.conf',
].join(" && ");

const inNamespaces = (resolver: string, ...command: string[]) =>
  [
    "unshare",
    ["--mount", "--net", "sh", "-c", `${SET_UP} && exec "$@"`, resolver, ...command],
  ] as const;

async function mayUnshare(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  await using folder = await tempFolder();
  const resolver = await folder.write("resolv.conf", "");
  return await runCommand(...inNamespaces(resolver, "true")).then(
    ({ code }) => code === 0,
    () => false,
  );
}

const NAME = "no name that moves lets a registry of the internet read what is inside";
const isAble = await mayUnshare();
if (!isAble) noteSkipped(NAME, "namespaces need root, unshare and ip");

Deno.test({ name: NAME, ignore: !isAble }, async (context) => {
  await using folder = await tempFolder();
  const resolver = await folder.write(
    "resolv.conf",
    "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
  );
  const program = [Deno.execPath(), "run", "-A", "--no-check", "--quiet", SCRIPT];
  const env = { DENO_DIR: (await denoCache()).denoDir };
  const { stdout } = await runOk(...inNamespaces(resolver, ...program), { env });
  const outcomes: NameOutcome[] = JSON.parse(stdout);
  assert.equal(outcomes.length, 2 * Object.keys(NAME_CASES).length);
  for (const { name, target, told, stolen } of outcomes) {
    await context.step(`${name}: ${target}`, () => {
      assert.equal(stolen, 0, told);
      assert.match(told, /a\.test/);
      assert.doesNotMatch(told, /at .*:\d+:\d+/);
    });
  }
  const told = (name: string) => outcomes.find((outcome) => outcome.name === name)?.told ?? "";
  assert.match(told("outside"), /it points to 10\.0\.0\.5:8081, an address of a private network/);
  assert.match(
    told("inside, then outside"),
    /led to a private network, and leads to 203\.0\.113\.5/,
  );
  assert.match(told("no such name"), /its name was not found/);
  assert.match(told("a silent name server"), /its name was not found/);
  assert.match(told("names in a circle"), /its name was not found/);
});
