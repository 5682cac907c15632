import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import {
  htpasswdAuthenticator,
  htpasswdFileAuthenticator,
  parseHtpasswd,
  readHtpasswd,
} from "../../../src/server/passwords/htpasswd.ts";
import { tempFolder } from "../../support/temp.ts";

/** The bcrypt hash of "correct horse", at the lowest cost. */
const HASH = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

for (const version of ["2a", "2b", "2y"]) {
  Deno.test(`htpasswdAuthenticator() checks $${version}$ hashes`, async () => {
    const users = parseHtpasswd(`ada:${HASH.replace("2b", version)}\n`, "users");
    const authenticate = htpasswdAuthenticator(users);
    assert.equal(await authenticate("ada", "correct horse"), true);
    assert.equal(await authenticate("ada", "wrong"), false);
    assert.equal(await authenticate("ada", ""), false);
  });
}

Deno.test("htpasswdAuthenticator() knows the same answer again, and in parallel", async () => {
  const authenticate = htpasswdAuthenticator(parseHtpasswd(`ada:${HASH}`, "users"));
  for (let round = 0; round < 2; round++) {
    const answers = await Promise.all([
      authenticate("ada", "correct horse"),
      authenticate("ada", "wrong"),
      authenticate("ada", "correct horse"),
      authenticate("bob", "correct horse"),
    ]);
    assert.deepEqual(answers, [true, false, true, false]);
  }
});

Deno.test("htpasswdAuthenticator() keeps apart what reads alike when joined", async () => {
  const authenticate = htpasswdAuthenticator(parseHtpasswd(`ada:${HASH}`, "users"));
  assert.equal(await authenticate("ada", "correct horse"), true);
  assert.equal(await authenticate("ada:correct horse", ""), false);
  assert.equal(await authenticate("", "ada:correct horse"), false);
});

Deno.test("htpasswdFileAuthenticator() follows its file, and keeps its users while it is broken", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("users", `ada:${HASH}\n`);
  const clock = { now: 0 };
  const authenticate = await htpasswdFileAuthenticator(path, { now: () => clock.now });
  const answers = async () => {
    clock.now += 2000;
    return [await authenticate("ada", "correct horse"), await authenticate("bob", "correct horse")];
  };
  assert.deepEqual(await answers(), [true, false]);
  await Deno.writeTextFile(path, `bob:${HASH}\n`);
  await Deno.utime(path, 1, 1);
  assert.deepEqual(await answers(), [false, true]);
  await Deno.writeTextFile(path, "nonsense\n");
  assert.deepEqual(await answers(), [false, true]);
  await Deno.remove(path);
  assert.deepEqual(await answers(), [false, true]);
  await Deno.writeTextFile(path, `ada:${HASH}\nbob:${HASH}\n`);
  assert.deepEqual(await answers(), [true, true]);
});

Deno.test("htpasswdFileAuthenticator() follows its file behind links that are turned", async () => {
  await using folder = await tempFolder();
  for (const name of ["ada", "bob"]) await folder.write(`${name}/users`, `${name}:${HASH}\n`);
  const turnTo = async (name: string) => {
    await Deno.symlink(name, folder.join("next"));
    await Deno.rename(folder.join("next"), folder.join("now"));
  };
  await turnTo("ada");
  // As Kubernetes mounts secrets: the name leads through a folder that is another one later.
  await Deno.symlink("now/users", folder.join("users"));
  const clock = { now: 0 };
  const path = folder.join("users");
  const authenticate = await htpasswdFileAuthenticator(path, { now: () => clock.now });
  for (const name of ["ada", "bob", "ada"]) {
    await turnTo(name);
    clock.now += 2000;
    const other = name === "ada" ? "bob" : "ada";
    assert.equal(await authenticate(name, "correct horse"), true, name);
    assert.equal(await authenticate(other, "correct horse"), false, other);
  }
});

Deno.test("parseHtpasswd() skips comments and empty lines", () => {
  const users = parseHtpasswd(`# users\r\n\r\nada:${HASH}\r\nb o b:${HASH} \n`, "users");
  assert.deepEqual([...users], [["ada", HASH], ["b o b", HASH]]);
});

Deno.test("parseHtpasswd() reports every bad line and no hash", () => {
  const text = [
    `ada:${HASH}`,
    "md5:$apr1$salt$hashhashhash",
    "# fine",
    "sha:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=",
    "nothing",
    `ada:${HASH}`,
    `:${HASH}`,
  ].join("\n");
  assert.throws(() => parseHtpasswd(text, "users"), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(
      error.message,
      'Cannot use "users" as a password file: 5 problems, the first: line 2: ' +
        'the password of "md5" is not a bcrypt hash',
    );
    assert.deepEqual(error.facts.problems?.map((problem) => problem.line), [2, 4, 5, 6, 7]);
    assert.doesNotMatch(JSON.stringify(error.facts), /hashhash|0DPiK|abcdefgh/);
    return true;
  });
});

Deno.test("parseHtpasswd() refuses a file that names nobody", () => {
  for (const text of ["", "\n\n", "# only a comment\n"]) {
    assert.throws(() => parseHtpasswd(text, "users"), /it names no user/);
  }
});

Deno.test("parseHtpasswd() gives users or an InvalidInputError for any text", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      assert.ok(parseHtpasswd(text, "users").size > 0);
    } catch (error) {
      assert.ok(error instanceof InvalidInputError);
    }
  }));
});

Deno.test("readHtpasswd() reads a file, and says when there is none", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("users", `ada:${HASH}\n`);
  assert.deepEqual([...(await readHtpasswd(path)).keys()], ["ada"]);
  await assert.rejects(readHtpasswd(folder.join("missing")), NotFoundError);
});
