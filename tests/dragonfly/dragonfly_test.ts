/**
 * The real Dragonfly: one scheduler and its daemons, beside a real registry. Neither is installed
 * by anybody here, and to build them takes an hour, so these tests are skipped where the programs
 * are not on the PATH; the tests of every day have a daemon that answers as this one does.
 */
import assert from "node:assert/strict";
import { startCountingProxy } from "../../scripts/bench/counting_proxy.ts";
import { makeContent } from "../../scripts/bench/content.ts";
import { type Cluster, missingPrograms, startCluster } from "../../scripts/dragonfly/cluster.ts";
import { startRegistry } from "../../scripts/services.ts";
import { digestStream } from "../../src/core/digest.ts";
import { DAEMON_ANSWERS, probeDaemon } from "../support/daemon_probe.ts";
import { openProgram, type Program } from "../support/program.ts";
import { scriptedDaemon } from "../support/scripted_daemon.ts";
import { e2eTest, noteSkipped, type RegistryOptions } from "../support/registry.ts";

const MIB = 1024 * 1024;

function dragonflyTest(name: string, fn: (cluster: Cluster) => Promise<void>): void {
  const missing = missingPrograms();
  if (missing.length === 0) {
    return e2eTest(name, { needs: ["docker-registry"] }, async () => {
      await using cluster = await startCluster();
      await fn(cluster);
    });
  }
  noteSkipped(name, `${missing.join(" and ")} not on the PATH`);
  Deno.test({ name, ignore: true, fn: () => {} });
}

/** A registry with a model, whose bytes are counted on the line to it. */
async function origin(size: number, options: RegistryOptions = {}) {
  const stack = new AsyncDisposableStack();
  const registry = stack.use(await startRegistry(options));
  const line = stack.use(startCountingProxy(registry.address));
  const author = stack.use(await openProgram());
  const login: Record<string, string> = options.htpasswd === undefined ? {} : {
    MODELOPS_REGISTRY_USER: options.htpasswd.username,
    MODELOPS_REGISTRY_PASS: options.htpasswd.password,
  };
  const { folder, files } = await makeContent(author.home.join("model"), "one", size);
  const name = `${line.address}/models/demo:v1`;
  await author.ok(["build", "-t", name, folder]);
  await author.ok(["push", name], { env: login });
  return {
    name,
    folder,
    files,
    line,
    login,
    /** Bytes that the registry sent while something was done. */
    async sentDuring(work: () => Promise<unknown>): Promise<number> {
      const before = line.carried.receiving;
      await work();
      return line.carried.receiving - before;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type Origin = Awaited<ReturnType<typeof origin>>;

/** Pulls as a machine that has nothing, compares every byte, and gives what was said. */
async function pull(from: Origin, args: readonly string[], user?: Program): Promise<string> {
  await using own = user === undefined ? await openProgram() : undefined;
  const { home, run } = (user ?? own)!;
  const output = home.join("out");
  const { code, stderr } = await run(
    ["pull", from.name, "--extract-dir", output, "--no-progress", ...args],
    { env: from.login },
  );
  assert.equal(code, 0, stderr);
  for (const { name, digest } of from.files) {
    using file = await Deno.open(`${output}/${name}`);
    assert.equal((await digestStream(file.readable)).digest, digest);
  }
  return stderr;
}

const through = (
  endpoint: string,
  ...more: string[]
) => ["--dragonfly-endpoint", endpoint, ...more];

/** Tells a figure to whoever runs these tests. */
function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

const warningsIn = (text: string) => text.split("\n").filter((line) => line.startsWith("warning"));

dragonflyTest(
  "the second machine gets a model of 1 GiB with no more than 1 % from its origin",
  async (cluster) => {
    const size = 1024 * MIB;
    await using from = await origin(size);
    await using first = await cluster.daemon();
    await using second = await cluster.daemon();
    const sent = [];
    for (const daemon of [first, second]) {
      sent.push(
        await from.sentDuring(() => pull(from, through(daemon.endpoint, "--dragonfly-required"))),
      );
    }
    const [one = 0, two = 0] = sent;
    say(`1 GiB: the origin sent ${one} bytes for the first machine, ${two} for the second`);
    assert.ok(one >= size && one < size * 1.02, `${one}`);
    assert.ok(two <= size / 100, `${two}`);
  },
);

dragonflyTest(
  "a daemon that is killed half-way leaves the right bytes, and a warning",
  async (cluster) => {
    await using from = await origin(256 * MIB);
    for (const part of [0.05, 0.5, 0.9]) {
      await using daemon = await cluster.daemon();
      const passed = from.line.pass("receiving", part * 256 * MIB);
      const pulling = pull(from, through(daemon.endpoint));
      await passed;
      await daemon.kill();
      const warnings = warningsIn(await pulling);
      assert.ok(warnings.length >= 1 && warnings.every((each) => each.includes(daemon.endpoint)));
    }
  },
);

dragonflyTest(
  "a daemon that is gone is left with one warning, or fails the pull where it has to help",
  async (cluster) => {
    await using from = await origin(MIB);
    await using daemon = await cluster.daemon();
    await daemon.kill();
    const warnings = warningsIn(await pull(from, through(daemon.endpoint)));
    assert.equal(warnings.length, 1, warnings.join("\n"));
    await assert.rejects(
      pull(from, through(daemon.endpoint, "--dragonfly-required")),
      /Cannot fetch through Dragonfly/,
    );
  },
);

dragonflyTest(
  "a registry that wants a login is entered through the daemon where that is allowed",
  async (cluster) => {
    const htpasswd = { username: "me", password: "secret" };
    await using from = await origin(8 * MIB, { htpasswd });
    await using daemon = await cluster.daemon();
    const silent = await pull(from, through(daemon.endpoint));
    assert.match(silent, /wants a login, which --dragonfly-forward-auth would show to it/);
    const both = through(daemon.endpoint, "--dragonfly-forward-auth", "--dragonfly-required");
    const shown = await from.sentDuring(() => pull(from, both));
    assert.ok(shown >= 8 * MIB, `${shown}`);
    // What is there is served again without a question: whoever reaches the port reads it.
    const again = await from.sentDuring(() => pull(from, both));
    assert.ok(again < MIB / 10, `${again}`);
  },
);

dragonflyTest("a content has one task, whatever registry it is asked of", async (cluster) => {
  await using from = await origin(8 * MIB);
  await using elsewhere = await origin(8 * MIB);
  await using author = await openProgram();
  await author.ok(["build", "-t", elsewhere.name, from.folder]);
  await author.ok(["push", elsewhere.name]);
  const copy = { ...elsewhere, files: from.files };
  await using daemon = await cluster.daemon();
  const required = through(daemon.endpoint, "--dragonfly-required");
  await pull(from, required);
  const sent = await elsewhere.sentDuring(() => pull(copy, required));
  assert.ok(sent < MIB / 10, `${sent}`);
});

dragonflyTest(
  "a pull that was killed ends right through the daemon when it is run again",
  async (cluster) => {
    const size = 256 * MIB;
    await using from = await origin(size);
    await using daemon = await cluster.daemon();
    await using user = await openProgram();
    const required = through(daemon.endpoint, "--dragonfly-required");
    const args = ["pull", from.name, "--extract-dir", user.home.join("out"), "--no-progress"];
    const doomed = user.spawn([...args, ...required]);
    await from.line.pass("receiving", size / 2);
    doomed.kill("SIGKILL");
    await Promise.all([doomed.stdin.close(), doomed.stdout.cancel(), doomed.stderr.cancel()]);
    await doomed.status;
    await pull(from, required, user);
  },
);

Deno.test("the daemon of every day's tests answers what the real one does", async () => {
  await using daemon = scriptedDaemon();
  assert.deepEqual(await probeDaemon(daemon.endpoint), DAEMON_ANSWERS);
});

dragonflyTest("the real daemon answers what the one of every day's tests does", async (cluster) => {
  await using daemon = await cluster.daemon();
  assert.deepEqual(await probeDaemon(daemon.endpoint), DAEMON_ANSWERS);
});

dragonflyTest(
  "a daemon with a login of its own, or a limit, is entered or left",
  async (cluster) => {
    await using from = await origin(MIB);
    const login = { username: "me", password: "secret" };
    await using closed = await cluster.daemon({ login });
    assert.match(await pull(from, through(closed.endpoint)), /it answered with status 401/);
    const own = closed.endpoint.replace("//", "//me:secret@");
    await pull(from, through(own, "--dragonfly-required"));
    await using limited = await cluster.daemon({ requestsPerSecond: 1 });
    assert.match(await pull(from, through(limited.endpoint)), /it answered with status 429/);
  },
);
