import assert from "node:assert/strict";
import { basicCredentials } from "../../src/server/access.ts";
import { mayMount, mountTmpfs } from "../support/mounts.ts";
import { type Finished, Home, type RunOptions } from "./support.ts";

interface Outcome extends Finished {
  /** The users and passwords that the registry was shown, as `user password`. */
  readonly shown: readonly string[];
  /** What the file of logins holds, by registry. */
  readonly kept: Readonly<Record<string, string>>;
}

/** A home whose registry knows every user and password. */
async function openHome(shown: string[] = []): Promise<Home> {
  return await Home.open((request) => {
    const login = basicCredentials(request.headers.get("Authorization"));
    if (login !== undefined) {
      shown.push(`${login.username} ${login.password}`);
      return undefined;
    }
    const challenge = { "WWW-Authenticate": 'Basic realm="test"' };
    return new Response(null, { status: 401, headers: challenge });
  });
}

/** A configuration file of Docker's with one login. */
function authFile(login: string): string {
  return JSON.stringify({ auths: { "registry.test": { auth: btoa(login.replace(" ", ":")) } } });
}

async function kept(home: Home): Promise<Record<string, string>> {
  const file = await Deno.readTextFile(home.at(".modctl", "config.json")).catch(() => "{}");
  const { auths = {} } = JSON.parse(file);
  return Object.fromEntries(
    Object.entries<{ auth: string }>(auths)
      .map(([registry, { auth }]) => [registry, atob(auth).replace(":", " ")]),
  );
}

/** Logs in to `registry.test`, where `stored` is kept already. */
async function login(
  args: string[],
  { stored, ...options }: RunOptions & { stored?: string } = {},
): Promise<Outcome> {
  const shown: string[] = [];
  await using home = await openHome(shown);
  if (stored !== undefined) await home.folder.write(".modctl/config.json", authFile(stored));
  await home.folder.write("auth.json", authFile("file-user file-pass"));
  const given = args.map((arg) => arg === "auth.json" ? home.at(arg) : arg);
  const finished = await home.run(["login", "registry.test", ...given], options);
  return { ...finished, shown, kept: await kept(home) };
}

/** Checks that a login was shown to the registry and is kept. */
function assertLoggedIn({ shown, kept, stderr }: Outcome, login: string): void {
  assert.deepEqual(shown, [login], stderr);
  assert.deepEqual(kept, { "registry.test": login });
}

Deno.test("login takes user and password from the flags, and warns that they can be seen", async () => {
  const outcome = await login(["-u", "user", "-p", "secret"]);
  assertLoggedIn(outcome, "user secret");
  const { code, stdout, stderr } = outcome;
  assert.deepEqual([code, stdout], [0, "Login Succeeded.\n"]);
  assert.match(
    stderr,
    /^warning: a password on the command line is visible .*\nLogging In\.\.\.\n$/,
  );
  assert.doesNotMatch(stderr, /secret/);
});

Deno.test("login takes the value of a short flag after =, with what else it may hold", async () => {
  const ways: readonly (readonly [login: string, ...flags: string[]])[] = [
    ["user secret", "-u=user", "-p=secret"],
    ["user a=b==", "-uuser", "-p=a=b=="],
    ["me@x.test -secret", "-u=me@x.test", "-p=-secret"],
    ["=user secret", "-u==user", "-psecret"],
  ];
  for (const [expected, ...flags] of ways) assertLoggedIn(await login(flags), expected);
});

Deno.test("login reads a password from standard input, less one line end", async () => {
  const flags = ["-u", "user", "--password-stdin"];
  for (const stdin of ["secret", "secret\n", "secret\r\n"]) {
    assertLoggedIn(await login(flags, { stdin }), "user secret");
  }
  assertLoggedIn(await login(flags, { stdin: " two words \n\n" }), "user  two words \n");
});

Deno.test("login takes from the environment what the flags do not say", async () => {
  const env = { MODCTL_REGISTRY_USER: "env-user", MODCTL_REGISTRY_PASS: "env-pass" };
  assertLoggedIn(await login([], { env }), "env-user env-pass");
  assertLoggedIn(await login(["-u", "me"], { env }), "me env-pass");
  assertLoggedIn(await login(["--password-stdin"], { env, stdin: "piped" }), "env-user piped");
});

Deno.test("login asks a person at the terminal", async () => {
  const both = await login([], { terminal: true, answers: ["typed-user", "typed-pass"] });
  assertLoggedIn(both, "typed-user typed-pass");
  const one = await login(["-u", "me", "--password-stdin"], { terminal: true, answers: ["typed"] });
  assertLoggedIn(one, "me typed");
});

Deno.test("login without anything tries what is stored, and the stored user with a new password", async () => {
  const stored = "old-user old-pass";
  assertLoggedIn(await login([], { stored }), stored);
  assertLoggedIn(await login(["--password-stdin"], { stored, stdin: "new\n" }), "old-user new");
  const other = await login(["-u", "someone"], { stored });
  assert.deepEqual([other.code, other.shown], [2, []]);
});

Deno.test("login takes a login from another tool's file", async () => {
  assertLoggedIn(await login(["--authfile", "auth.json"]), "file-user file-pass");
});

Deno.test("login without a usable user or password says which is wrong", async () => {
  const rows: [string[], RunOptions, RegExp][] = [
    [["-p", "x"], {}, /: the user name is missing\nhint: pass `-u <name>`, or set MODCTL_REGIS/],
    [["-u", "", "-p", "x"], {}, /: the user name is empty\n/],
    [["-u", "me", "-p", ""], {}, /: the password is empty\n/],
    [
      ["-u", "me"],
      {},
      /is missing\nhint: pipe it into `modelops login -u me --password-stdin regis/,
    ],
    [["-u", "me", "--password-stdin"], { stdin: "\n" }, /: the password is empty\n/],
    [
      ["-u", "me", "-p", "x", "--password-stdin"],
      { stdin: "y" },
      /: -p and --password-stdin cannot/,
    ],
    [["--password-stdin", "--authfile", "f"], {}, /: --authfile cannot be used together/],
    [
      ["-u", "me", "--authfile", "f"],
      {},
      /: --authfile cannot be used together with -u, -p or --password-stdin\n/,
    ],
  ];
  for (const [args, options, expected] of rows) {
    const { code, stdout, stderr, shown, kept } = await login(args, options);
    assert.deepEqual([code, stdout, shown, kept], [2, "", [], {}]);
    assert.match(stderr, expected);
    assert.match(stderr, /error: Cannot log in to "registry\.test"/);
  }
});

Deno.test("login reports as a document without the password", async () => {
  await using home = await openHome();
  const document = await home.done("login", "registry.test", "-u", "me", "-p", "secret", "--json");
  assert.deepEqual(JSON.parse(document), {
    registry: "registry.test",
    username: "me",
    storedIn: home.at(".modctl", "config.json"),
  });
});

Deno.test("logout succeeds whether or not there was a login", async () => {
  await using home = await openHome();
  await home.folder.write(".modctl/config.json", authFile("u p"));
  assert.deepEqual(await home.run(["logout", "registry.test"]), {
    code: 0,
    stdout: "Logout Succeeded.\n",
    stderr: "",
  });
  assert.deepEqual(await kept(home), {});
  assert.deepEqual(await home.run(["logout", "registry.test"]), {
    code: 0,
    stdout: "Logout Succeeded.\n",
    stderr: "note: there was no login for registry.test\n",
  });
});

const USER = ["-u", "me", "--password-stdin"];

/** The registries of which a file holds logins. */
async function registriesIn(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path).catch(() => "{}");
  return Object.keys(JSON.parse(text).auths ?? {});
}

Deno.test("login writes where other tools look, if they have a file, or are told of a folder", async () => {
  await using home = await openHome();
  const [own, docker] = [home.at(".modctl/config.json"), home.at(".docker/config.json")];
  const run = async (registry: string, env = {}) =>
    JSON.parse(
      (await home.run(["login", registry, ...USER, "--json"], { stdin: "pw", env })).stdout,
    );
  assert.equal((await run("one.test")).storedIn, own);
  const named = { DOCKER_CONFIG: home.at("docker") };
  assert.equal((await run("two.test", named)).storedIn, home.at("docker", "config.json"));
  assert.equal((await Deno.stat(home.at("docker"))).mode! & 0o777, 0o700);
  await home.folder.write(".docker/config.json", "{}");
  assert.equal((await run("three.test")).storedIn, docker);
  assert.deepEqual(await registriesIn(own), ["one.test", "two.test", "three.test"]);
  assert.deepEqual(await registriesIn(docker), ["three.test"]);
});

Deno.test("who writes a URL or a repository hears what to write, and keeps no login unawares", async () => {
  await using home = await openHome();
  await home.folder.write(".modctl/config.json", authFile("u p"));
  for (
    const place of ["https://registry.test", "registry.test/team", "https://registry.test/v2/"]
  ) {
    for (const words of [["login", place, "-u", "me", "-p", "x"], ["logout", place]]) {
      const { code, stderr } = await home.run(words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /it is not a host\nhint: write registry\.test\n$/);
    }
  }
  await home.done("logout", "registry.test");
  assert.doesNotMatch(await Deno.readTextFile(home.at(".modctl", "config.json")), /registry\.test/);
});

Deno.test("logout forgets a login wherever it is kept", async () => {
  await using home = await openHome();
  const files = [".modctl/config.json", ".docker/config.json", ".config/containers/auth.json"];
  for (const file of files) await home.folder.write(file, authFile("u p"));
  const document = await home.done("logout", "registry.test", "--json");
  const paths = files.map((file) => home.at(file));
  assert.deepEqual(JSON.parse(document), {
    registry: "registry.test",
    removed: true,
    files: paths,
  });
  for (const path of paths) assert.deepEqual(await registriesIn(path), []);
});

Deno.test("logout names the file that keeps a login still, and fails", async () => {
  await using home = await openHome();
  await home.folder.write(".modctl/config.json", authFile("u p"));
  await home.folder.write(".docker/config.json", "not JSON");
  const { code, stdout, stderr } = await home.run(["logout", "registry.test"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /Cannot log out of "registry\.test": .*\.docker\/config\.json/);
  assert.deepEqual(await kept(home), {});
});

Deno.test("a wrong password says so, and not that the registry is out of reach", async () => {
  for (const status of [401, 403]) {
    await using home = await Home.open(() =>
      new Response(null, { status, headers: { "WWW-Authenticate": "Basic" } })
    );
    const { code, stderr } = await home.run(["login", "registry.test", ...USER], { stdin: "pw" });
    assert.equal(code, 4);
    assert.match(stderr, /"registry\.test": it does not accept the user name and the password/);
    assert.doesNotMatch(stderr, /reach|run `/);
  }
});

Deno.test("a login of the environment goes to the registry that it is for", async () => {
  const env = {
    MODCTL_REGISTRY: "other.test",
    MODCTL_REGISTRY_USER: "env-user",
    MODCTL_REGISTRY_PASS: "env-pass",
  };
  const { code, shown } = await login([], { env });
  assert.deepEqual([code, shown], [2, []]);
  const own = { ...env, MODCTL_REGISTRY: "https://registry.test/v2/" };
  assertLoggedIn(await login([], { env: own }), "env-user env-pass");
  const shownOnPush: string[] = [];
  await using home = await openHome(shownOnPush);
  await home.run(["pull", "registry.test/m:v1"], { env });
  assert.deepEqual(shownOnPush, []);
  await home.run(["pull", "registry.test/m:v1"], { env: own });
  assert.equal(shownOnPush[0], "env-user env-pass");
});

Deno.test({
  name: "a full disk keeps the logins as they were: login and logout say so and end with 3",
  ignore: !await mayMount(),
  async fn() {
    for (const line of [["logout"], ["login", "-u", "me", "-p", "other"]]) {
      await using home = await openHome();
      await using _mount = await mountTmpfs(home.at(".modctl"), "size=64k");
      await home.done("login", "registry.test", "-u", "me", "-p", "secret");
      await Deno.writeFile(home.at(".modctl", "filler"), new Uint8Array(65536)).catch(() => {});
      const { code, stderr } = await home.run([line[0]!, "registry.test", ...line.slice(1)]);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /^error: Cannot .*config\.json": no space left on the device$/m);
      assert.match(stderr, /^hint: free room there/m);
      assert.deepEqual(await kept(home), { "registry.test": "me secret" });
      await Deno.remove(home.at(".modctl", "filler"));
      await home.done(line[0]!, "registry.test", ...line.slice(1));
    }
  },
});

Deno.test("logins and logouts that come at once are all kept, and leave nothing behind", async () => {
  await using home = await openHome();
  const registries = ["a", "b", "c", "d", "e", "f"].map((name) => `${name}.test`);
  const login = (registry: string) => home.done("login", registry, "-u", registry, "-p", "x");
  await Promise.all(registries.map(login));
  assert.deepEqual(Object.keys(await kept(home)).sort(), registries);
  const gone = registries.slice(0, 4);
  const works = gone.map((registry) => home.done("logout", registry));
  await Promise.all([...works, login("g.test")]);
  assert.deepEqual(Object.keys(await kept(home)).sort(), ["e.test", "f.test", "g.test"]);
  const entries = await Array.fromAsync(Deno.readDir(home.at(".modctl")));
  assert.deepEqual(entries.map(({ name }) => name).filter((name) => /lock|partial/.test(name)), []);
});
