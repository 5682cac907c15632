import assert from "node:assert/strict";
import { mergeScopes, repositoryOf, scopesOf } from "../../../src/registry/auth/scopes.ts";

const scopes = (method: string, path: string) => scopesOf({ method, url: `https://r.test${path}` });

Deno.test("scopesOf() asks for no more than the request needs", () => {
  assert.deepEqual(scopes("GET", "/v2/"), []);
  assert.deepEqual(scopes("GET", "/v2/a/b/manifests/v1"), ["repository:a/b:pull"]);
  assert.deepEqual(scopes("HEAD", "/v2/a/blobs/sha256:0"), ["repository:a:pull"]);
  assert.deepEqual(scopes("GET", "/v2/a/tags/list?n=1"), ["repository:a:pull"]);
  assert.deepEqual(scopes("PUT", "/v2/a/manifests/v1"), ["repository:a:pull,push"]);
  assert.deepEqual(scopes("POST", "/v2/a/blobs/uploads/"), ["repository:a:pull,push"]);
  assert.deepEqual(scopes("DELETE", "/v2/a/manifests/v1"), ["repository:a:delete"]);
  assert.deepEqual(scopes("DELETE", "/v2/a/blobs/uploads/1"), ["repository:a:pull,push"]);
  assert.deepEqual(scopes("GET", "/v2/_catalog"), ["registry:catalog:*"]);
});

Deno.test("scopesOf() asks to read the repository that a blob is mounted from", () => {
  assert.deepEqual(scopes("POST", "/v2/a/blobs/uploads/?mount=sha256:0&from=b/c"), [
    "repository:a:pull,push",
    "repository:b/c:pull",
  ]);
});

Deno.test("repositoryOf() reads names that hold the words of the API", () => {
  const name = (path: string) => repositoryOf(new URL(path, "https://r.test"));
  assert.equal(name("/v2/blobs/tags/manifests/v1"), "blobs/tags");
  assert.equal(name("/v2/"), undefined);
  assert.equal(name("/other"), undefined);
});

Deno.test("mergeScopes() joins the actions on one thing", () => {
  assert.deepEqual(
    mergeScopes(["repository:a:pull", "repository:b:pull", "repository:a:pull,push"]),
    ["repository:a:pull,push", "repository:b:pull"],
  );
  assert.deepEqual(mergeScopes(["odd"]), ["odd"]);
});
