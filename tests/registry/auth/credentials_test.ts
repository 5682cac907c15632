import assert from "node:assert/strict";
import { InvalidInputError } from "../../../src/core/errors.ts";
import {
  ANONYMOUS,
  basicAuthorization,
  canonicalHost,
  firstCredentials,
  fixedCredentials,
} from "../../../src/registry/auth/credentials.ts";

const ANN = { username: "ann", password: "p:w" };

Deno.test("basicAuthorization() encodes UTF-8 and keeps colons of the password", () => {
  assert.equal(basicAuthorization(ANN), "Basic YW5uOnA6dw==");
  assert.equal(basicAuthorization({ username: "ü", password: "€" }), "Basic w7w64oKs");
});

Deno.test("user names with a colon are refused", () => {
  const odd = { username: "a:b", password: "c" };
  assert.throws(() => basicAuthorization(odd), InvalidInputError);
  assert.throws(() => fixedCredentials(odd), InvalidInputError);
});

Deno.test("fixedCredentials() are for one registry when it is named", async () => {
  const source = fixedCredentials(ANN, "docker.io");
  assert.equal(await source.find("registry-1.docker.io"), ANN);
  assert.equal(await source.find("registry.test"), undefined);
  assert.equal(await fixedCredentials(ANN).find("registry.test"), ANN);
});

Deno.test("firstCredentials() asks one source after the other", async () => {
  const source = firstCredentials(ANONYMOUS, fixedCredentials(ANN), {
    find: () => Promise.reject(new Error("must not be asked")),
  });
  assert.equal(await source.find("registry.test"), ANN);
  assert.equal(await firstCredentials().find("registry.test"), undefined);
});

Deno.test("canonicalHost() has one name for Docker Hub", () => {
  for (const host of ["docker.io", "index.docker.io", "registry-1.docker.io", "Docker.IO"]) {
    assert.equal(canonicalHost(host), "docker.io");
  }
  assert.equal(canonicalHost("Registry.test:5000"), "registry.test:5000");
});
