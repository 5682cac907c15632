/** What a service manager hears, on real sockets. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  serviceManager,
  type ServiceSettings,
  serviceSettings,
} from "../../src/cli/service_manager.ts";
import { listenAsServiceManager } from "../support/service_manager.ts";
import { tempFolder } from "../support/temp.ts";

/** Starts and stops a service, and gives what was logged. */
async function warningsOf(settings: ServiceSettings): Promise<string[]> {
  const warnings: string[] = [];
  {
    await using manager = serviceManager(settings, (level, message) => {
      assert.equal(level, "warning");
      warnings.push(message);
    });
    manager.ready("Serving");
    manager.stopping();
  }
  return warnings;
}

Deno.test("a service manager hears that a service is ready, and that it stops", async () => {
  await using folder = await tempFolder();
  for (const socket of [folder.join("notify"), `@modelops-test-${crypto.randomUUID()}`]) {
    await using heard = listenAsServiceManager(socket);
    assert.deepEqual(await warningsOf({ socket }), []);
    assert.deepEqual(await heard.next(), ["READY=1", "STATUS=Serving"]);
    assert.deepEqual(await heard.next(), ["STOPPING=1", "STATUS=Waiting for requests to end"]);
  }
});

Deno.test("a service that is watched gives signs of life", async () => {
  await using folder = await tempFolder();
  const socket = folder.join("notify");
  await using heard = listenAsServiceManager(socket);
  const settings = { socket, watchdog: "2000", watchdogProcess: `${Deno.pid}` };
  await using manager = serviceManager(settings, () => assert.fail());
  manager.ready("Serving");
  assert.deepEqual(await heard.next(), ["READY=1", "STATUS=Serving"]);
  for (let count = 0; count < 3; count++) assert.deepEqual(await heard.next(), ["WATCHDOG=1"]);
});

Deno.test("signs of life that are wanted of another process, or never, are not given", async () => {
  await using folder = await tempFolder();
  await using clock = listenAsServiceManager(folder.join("clock"));
  const socket = folder.join("notify");
  await using heard = listenAsServiceManager(socket);
  const others: Partial<ServiceSettings>[] = [
    { watchdog: "2000", watchdogProcess: `${Deno.pid + 1}` },
    // Longer than a timer can be, which would end at once.
    { watchdog: "99999999999999999999" },
  ];
  await using ticking = serviceManager(
    { socket: folder.join("clock"), watchdog: "8000" },
    () => assert.fail(),
  );
  ticking.ready("Serving");
  for (const other of others) {
    await using manager = serviceManager({ socket, ...other }, () => assert.fail());
    manager.ready("Serving");
    assert.deepEqual(await heard.next(), ["READY=1", "STATUS=Serving"]);
    for (let count = 0; count < 3; count++) await clock.next();
    manager.stopping();
    assert.equal((await heard.next())[0], "STOPPING=1");
  }
});

Deno.test("a time of signs of life that is none is a warning", async () => {
  await using folder = await tempFolder();
  const socket = folder.join("notify");
  await using _heard = listenAsServiceManager(socket);
  for (const watchdog of ["0", "-1", "1e3", "ten", " 5"]) {
    const [warning = "", ...rest] = await warningsOf({ socket, watchdog });
    assert.ok(warning.startsWith(`WATCHDOG_USEC is ${JSON.stringify(watchdog)}`), warning);
    assert.deepEqual(rest, []);
  }
});

Deno.test("a process of signs of life that is none is a warning, also where nobody listens", async () => {
  for (const watchdogProcess of ["0", "-1", "1e3", "me", " 5"]) {
    const [warning = "", ...rest] = await warningsOf({ watchdog: "1000", watchdogProcess });
    assert.ok(warning.startsWith(`WATCHDOG_PID is ${JSON.stringify(watchdogProcess)}`), warning);
    assert.deepEqual(rest, []);
  }
  assert.deepEqual((await warningsOf({ watchdog: "often" })).length, 1);
});

Deno.test("a service manager that hears nothing is one warning, which names its socket", async () => {
  await using folder = await tempFolder();
  const gone = folder.join("gone");
  await listenAsServiceManager(gone)[Symbol.asyncDispose]();
  const stream = folder.join("stream");
  using _listener = Deno.listen({ transport: "unix", path: stream });
  const reasons: Readonly<Record<string, RegExp>> = {
    [gone]: /there is no such socket$/,
    [`@${crypto.randomUUID()}`]: /nobody listens there$/,
    [stream]: /: ./,
    [folder.join("x".repeat(200))]: /: ./,
    "relative": /neither a path nor a name/,
    "vsock:2:1234": /neither a path nor a name/,
    "@": /neither a path nor a name/,
    "/": /neither a path nor a name/,
  };
  for (const [socket, reason] of Object.entries(reasons)) {
    const [warning = "", ...rest] = await warningsOf({ socket });
    assert.ok(warning.includes(JSON.stringify(socket)), warning);
    assert.match(warning, reason);
    assert.deepEqual(rest, []);
  }
});

Deno.test("no variables, and empty ones, are no service manager", async () => {
  const empty = { NOTIFY_SOCKET: "", WATCHDOG_USEC: "", WATCHDOG_PID: "" };
  for (const env of [{}, empty, { WATCHDOG_USEC: "1" }]) {
    assert.deepEqual(await warningsOf(serviceSettings(env)), []);
  }
});

Deno.test("whatever the variables say, a service goes on", async () => {
  const text = fc.string({ maxLength: 200, unit: "binary" });
  const settings = fc.record({
    socket: fc.oneof(text, text.map((name) => `@${name}`), text.map((name) => `/${name}`)),
    watchdog: fc.option(text, { nil: undefined }),
    watchdogProcess: fc.option(text, { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(settings, async (given) => {
      const warnings = await warningsOf(given);
      assert.ok(warnings.length >= 1, JSON.stringify(given));
    }),
    { numRuns: 100 },
  );
});
