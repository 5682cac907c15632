/** Troubleshooting, debugging and profiling. @module */
import assert from "node:assert/strict";
import { Profile } from "../../../src/deps/pprof-format.ts";
import { ACCOUNT, ACCOUNT_ENV, assertLoggedIn, buildLocally, lock, putModel } from "./fixtures.ts";
import type { Row } from "./row.ts";
import { type GuideWorld, told } from "../world.ts";

/** Every file of the local store with its size. */
function storeListing(world: GuideWorld): Promise<string> {
  return world.ok("find ~/.modctl/content.v1 -type f -printf '%P %s\\n' | sort");
}

/** The rows. */
export const TROUBLESHOOTING_ROWS: readonly Row[] = [
  {
    number: 44,
    commands: `modctl modelfile validate Modelfile

# Verify file patterns
ls -la | grep -E "\\.(bin|safetensors|json)$"

# Check workspace size limits
du -sh . | awk '{print $1}'`,
    prepare: putModel,
    async check(world, { stdout }) {
      assert.match(stdout, /model\.bin/);
      await world.write("Modelfile", "NAME demo\nMODL model.bin\nCONFIG nowhere.json\n");
      const bad = await world.run("modctl modelfile validate Modelfile");
      assert.notEqual(bad.code, 0);
      for (const text of ["2", "MODL", "MODEL", "3", "nowhere.json"]) {
        assert.ok(bad.stderr.includes(text), told(`no ${text} in`, bad));
      }
    },
  },
  {
    number: 45,
    commands: `curl -k https://myregistry.com/v2/

# Check authentication
modctl login --insecure myregistry.com`,
    env: { ...ACCOUNT_ENV, SSL_CERT_FILE: "" },
    prepare: lock,
    async check(world, { stdout }) {
      assert.match(stdout, /UNAUTHORIZED/, "curl is told that a login is wanted");
      await assertLoggedIn(world);
      // Without a user in the environment, the login that is kept is the one that is tried.
      await world.ok("modctl login --insecure myregistry.com");
    },
  },
  {
    number: 46,
    commands: "cat ~/.modctl/config.json",
    async prepare(world) {
      await lock(world);
      await world.ok("modctl login myregistry.com", { env: ACCOUNT_ENV });
    },
    check(_world, { stdout }) {
      const auth = btoa(`${ACCOUNT.username}:${ACCOUNT.password}`);
      assert.deepEqual(JSON.parse(stdout), { auths: { "myregistry.com": { auth } } });
    },
  },
  {
    number: 47,
    commands: `df -h ~/.modctl

# Clean up storage
modctl prune --dry-run
modctl prune

# Reset storage completely
rm -rf ~/.modctl`,
    async prepare(world) {
      await buildLocally(world, "myregistry.com/model:v1");
      await world.ok("modctl rm myregistry.com/model:v1");
      const before = await storeListing(world);
      await world.ok("modctl prune --dry-run");
      assert.equal(await storeListing(world), before, "a dry run removes nothing");
    },
    async check(world, { stdout }) {
      assert.match(stdout, /Would delete blob/);
      assert.match(stdout, /\nDeleted blob/);
      // A store that is gone is an empty one.
      assert.deepEqual(await world.localNames(), []);
      await world.ok("modctl prune --dry-run && modctl prune && modctl list");
      await buildLocally(world, "myregistry.com/model:v2");
      assert.deepEqual(await world.localNames(), ["myregistry.com/model:v2"]);
    },
  },
  {
    number: 48,
    commands: `export MODCTL_LOG_LEVEL=debug
modctl build -t myregistry.com/model:debug .`,
    prepare: putModel,
    async check(world, { stderr }) {
      const log = await Deno.readTextFile(world.home.join(".modctl/logs/modctl.log"));
      assert.match(log, /debug/i);
      assert.match(stderr, /debug/i);
      assert.deepEqual(await world.localNames(), ["myregistry.com/model:debug"]);
    },
  },
  {
    number: 49,
    commands: `modctl --pprof --pprof-addr=localhost:6060 build -t myregistry.com/model:profile . &
go tool pprof http://localhost:6060/debug/pprof/profile`,
    script: () => {
      const port = freePort();
      return `modctl --pprof --pprof-addr=localhost:${port} build -t myregistry.com/model:profile . &
until curl --noproxy '*' --silent --fail --output profile http://localhost:${port}/debug/pprof/profile
do kill -0 $!; done
wait`;
    },
    differs: "on a free port; curl fetches what go would read; the profile ends with the build",
    prepare: (world) => putModel(world, "0123456789abcdef".repeat(1 << 24)),
    async check(world) {
      const profile = Profile.decode(await gunzip(world.path("profile")));
      const { strings } = profile.stringTable;
      const measured = profile.sampleType.map(({ type }) => strings[Number(type)]);
      assert.ok(measured.includes("cpu"), `a profile of ${measured.join(" and ")}`);
      assert.ok(profile.sample.length > 0, "the build was seen at work");
      assert.deepEqual(await world.localNames(), ["myregistry.com/model:profile"]);
    },
  },
  {
    number: 50,
    commands: `top -p $(pgrep modctl)

# Analyze build time
time modctl build -t myregistry.com/model:benchmark .`,
    script: `modctl serve --address 127.0.0.1:0 > served &
PID=$!
until test -s served; do kill -0 $PID; sleep 0.05; done
pgrep modctl | grep -x $PID
top -b -n 1 -p $PID
kill -INT $PID
wait $PID
time modctl build -t myregistry.com/model:benchmark .`,
    differs: "a server is looked for, because it lasts; top shows one page instead of a screen",
    prepare: putModel,
    async check(world, { stdout, stderr }) {
      assert.match(stdout, /modctl *$/m);
      assert.match(stderr, /real\s+\d+m/);
      assert.deepEqual(await world.localNames(), ["myregistry.com/model:benchmark"]);
    },
  },
];

/** A port that is free now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** What a file of gzip holds. */
async function gunzip(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  return await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).bytes();
}
