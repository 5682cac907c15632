import assert from "node:assert/strict";
import type { Login } from "../../src/cli/context.ts";
import { type Call, fakeAccounts, type Finished, runIn, type WorldOptions } from "./support.ts";

async function login(
  args: string[],
  options: WorldOptions & { stored?: Login } = {},
): Promise<Finished & { calls: Call[] }> {
  const calls: Call[] = [];
  const services = fakeAccounts(calls, options.stored);
  const finished = await runIn(["login", "registry.test", ...args], { ...options, services });
  return { ...finished, calls };
}

const loggedIn = (username: string, password: string): Call[] => [
  ["login", "registry.test", { username, password }],
];

Deno.test("login takes user and password from the flags, and warns that they can be seen", async () => {
  const { calls, code, stdout, stderr } = await login(["-u", "user", "-p", "secret"]);
  assert.deepEqual(calls, loggedIn("user", "secret"));
  assert.deepEqual([code, stdout], [0, "Login Succeeded.\n"]);
  assert.match(
    stderr,
    /^warning: a password on the command line is visible .*\nLogging In\.\.\.\n$/,
  );
  assert.doesNotMatch(stderr, /secret/);
});

Deno.test("login reads a password from standard input, less one line end", async () => {
  for (const stdin of ["secret", "secret\n", "secret\r\n"]) {
    const { calls } = await login(["-u", "user", "--password-stdin"], { stdin });
    assert.deepEqual(calls, loggedIn("user", "secret"));
  }
  const { calls } = await login(["-u", "user", "--password-stdin"], { stdin: " two words \n\n" });
  assert.deepEqual(calls, loggedIn("user", " two words \n"));
});

Deno.test("login takes from the environment what the flags do not say", async () => {
  const env = { MODCTL_REGISTRY_USER: "env-user", MODCTL_REGISTRY_PASS: "env-pass" };
  assert.deepEqual((await login([], { env })).calls, loggedIn("env-user", "env-pass"));
  assert.deepEqual((await login(["-u", "me"], { env })).calls, loggedIn("me", "env-pass"));
  const piped = await login(["--password-stdin"], { env, stdin: "piped" });
  assert.deepEqual(piped.calls, loggedIn("env-user", "piped"));
});

Deno.test("login asks a person at the terminal", async () => {
  const both = await login([], { terminal: true, answers: ["typed-user", "typed-pass"] });
  assert.deepEqual(both.calls, loggedIn("typed-user", "typed-pass"));
  const one = await login(["-u", "me", "--password-stdin"], { terminal: true, answers: ["typed"] });
  assert.deepEqual(one.calls, loggedIn("me", "typed"));
});

Deno.test("login without anything tries what is stored, and the stored user with a new password", async () => {
  const stored = { username: "old-user", password: "old-pass" };
  assert.deepEqual((await login([], { stored })).calls, loggedIn("old-user", "old-pass"));
  const renewed = await login(["--password-stdin"], { stored, stdin: "new\n" });
  assert.deepEqual(renewed.calls, loggedIn("old-user", "new"));
  const other = await login(["-u", "someone"], { stored });
  assert.deepEqual([other.code, other.calls], [2, []]);
});

Deno.test("login takes a login from another tool's file", async () => {
  const { calls } = await login(["--authfile", "auth.json"]);
  assert.deepEqual(calls, [
    ["readAuthFile", "auth.json", "registry.test"],
    ...loggedIn("file-user", "file-pass"),
  ]);
});

Deno.test("login without a usable user or password says which is wrong", async () => {
  const rows: [string[], WorldOptions, RegExp][] = [
    [["-p", "x"], {}, /: the user name is missing\nhint: pass `-u <name>`, or set MODCTL_REGIS/],
    [["-u", "", "-p", "x"], {}, /: the user name is empty\n/],
    [["-u", "me", "-p", ""], {}, /: the password is empty\n/],
    [["-u", "me"], {}, /: the password is missing\nhint: pipe it into `modelops login --password-/],
    [["-u", "me", "--password-stdin"], { stdin: "\n" }, /: the password is empty\n/],
    [["-u", "me", "--authfile", "f"], {}, /: --authfile cannot be used together with -u or -p\n/],
  ];
  for (const [args, options, expected] of rows) {
    const { code, stdout, stderr, calls } = await login(args, options);
    assert.deepEqual([code, stdout, calls], [2, "", []]);
    assert.match(stderr, expected);
    assert.match(stderr, /error: Cannot log in to "registry\.test"/);
  }
});

Deno.test("login reports as a document without the password", async () => {
  const { stdout } = await login(["-u", "me", "-p", "secret", "--json"]);
  assert.deepEqual(JSON.parse(stdout), {
    registry: "registry.test",
    username: "me",
    storedIn: "/home/user/.modctl/config.json",
  });
});

Deno.test("logout succeeds whether or not there was a login", async () => {
  const services = (stored?: Login) => fakeAccounts([], stored);
  const known = { username: "u", password: "p" };
  assert.deepEqual(await runIn(["logout", "registry.test"], { services: services(known) }), {
    code: 0,
    stdout: "Logout Succeeded.\n",
    stderr: "",
  });
  assert.deepEqual(await runIn(["logout", "registry.test"], { services: services() }), {
    code: 0,
    stdout: "Logout Succeeded.\n",
    stderr: "note: there was no login for registry.test\n",
  });
});
