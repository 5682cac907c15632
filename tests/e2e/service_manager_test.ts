/** `modelops serve` as systemd starts it. */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { requireTool } from "../../scripts/services.ts";
import { repositoryPath } from "../house/repository.ts";
import { runCommand, startCommand } from "../support/command.ts";
import { CLI_PATH, openProgram, PROGRAM, type Program } from "../support/program.ts";
import { e2eTest } from "../support/registry.ts";
import { listenAsServiceManager } from "../support/service_manager.ts";
import { tempFolder } from "../support/temp.ts";

const ARGS = ["serve", "--address", "127.0.0.1:0", "--log-level", "warn"];

/** Node has no sockets of that kind. */
const isNode = basename(PROGRAM[0]) === "node";

type Starter = Program["spawn"];

/** Starts a server, and stops it when it is ready and the rest is done; gives what it said. */
async function served(
  start: Starter,
  env: Record<string, string>,
  whenReady: (address: string) => Promise<void>,
): Promise<string> {
  const child = start(ARGS, { env });
  await child.stdin.close();
  const errors = new Response(child.stderr).text();
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream())) {
    const [, address] = /^ready (.+)\n/.exec(line) ?? [];
    if (address === undefined) continue;
    await whenReady(address);
    child.kill("SIGTERM");
  }
  assert.equal((await child.status).code, 0, await errors);
  return await errors;
}

for (const kind of ["a path", "a name without a file"]) {
  Deno.test({
    name: `serve notifies the service manager at ${kind}, when it is ready and when it stops`,
    ignore: isNode,
    async fn() {
      await using user = await openProgram();
      const socket = kind === "a path"
        ? user.home.join("notify")
        : `@modelops-test-${crypto.randomUUID()}`;
      await using manager = listenAsServiceManager(socket);
      const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "20000" };
      const said = await served(user.spawn, env, async (address) => {
        assert.deepEqual(await manager.next(), ["READY=1", `STATUS=Serving http://${address}`]);
        assert.deepEqual(await manager.next(), ["WATCHDOG=1"]);
      });
      let last = await manager.next();
      while (last[0] === "WATCHDOG=1") last = await manager.next();
      assert.deepEqual(last, ["STOPPING=1", "STATUS=Waiting for requests to end"]);
      // What notifies is of the runtime's unstable part, which must not be told to anybody.
      assert.match(said, /^Serving .*\n$/);
    },
  });
}

Deno.test("serve notifies under the permissions of the document, and names those that it has not", async () => {
  await using user = await openProgram();
  const { path, join } = user.home;
  const socket = join("notify");
  await using manager = listenAsServiceManager(socket);
  const rights = (net: string) => [
    ...["run", "--no-prompt", "--quiet", "--no-check", net],
    `--allow-read=${repositoryPath()},${join(".modctl")}`,
    `--allow-write=${join(".modctl")},${socket}`,
    "--allow-env=HOME,NOTIFY_SOCKET,WATCHDOG_USEC,WATCHDOG_PID",
  ];
  const start = (net: string): Starter => (args, { env } = {}) =>
    startCommand(Deno.execPath(), [...rights(net), CLI_PATH, ...args], {
      cwd: path,
      env: { ...user.env, ...env },
    });
  const env = { NOTIFY_SOCKET: socket };
  await served(start("--allow-net"), env, async () => {
    assert.equal((await manager.next())[0], "READY=1");
  });
  assert.equal((await manager.next())[0], "STOPPING=1");
  const said = await served(start("--allow-net=127.0.0.1:0"), env, async () => {});
  assert.match(said, /Cannot notify .*: this run may not\. It takes --allow-net without a list/);
});

Deno.test("serve that cannot notify says so once, with what to do, and serves", async () => {
  await using user = await openProgram();
  const socket = user.home.join("nobody");
  const said = await served(user.spawn, { NOTIFY_SOCKET: socket }, async (address) => {
    assert.equal((await fetch(`http://${address}/readyz`)).status, 200);
  });
  const warnings = said.split("\n").filter((line) => line.includes("level=warning"));
  assert.equal(warnings.length, 1, said);
  assert.ok(warnings[0]!.includes(socket), said);
  assert.match(warnings[0]!, isNode ? /Type=exec/ : /there is no such socket/);
});

e2eTest("systemd finds nothing wrong with the unit of the guide", {
  needs: ["systemd-analyze"],
}, async () => {
  await using folder = await tempFolder();
  const unit = await Deno.readTextFile(repositoryPath("docs/serve/modelops.service"));
  const program = await folder.write("modelops", "");
  await Deno.chmod(program, 0o755);
  // It looks for the program, which is not installed where tests run.
  const path = await folder.write(
    "modelops.service",
    unit.replace("/usr/local/bin/modelops", program),
  );
  const { code, stdout, stderr } = await runCommand(requireTool("systemd-analyze"), [
    "verify",
    path,
  ]);
  assert.deepEqual([code, stdout, stderr], [0, "", ""]);
});
