import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRoute } from "../../src/server/route.ts";

Deno.test("parseRoute() finds the endpoint, the name and the target", () => {
  const rows: [string, string | undefined, string?, string?][] = [
    ["/v2", "base", "", ""],
    ["/v2/", "base", "", ""],
    ["/v2/_catalog", "catalog", "", ""],
    ["/v2/a/b/tags/list", "tags", "a/b", ""],
    ["/v2/a/manifests/v1", "manifest", "a", "v1"],
    ["/v2/a/manifests/sha256%3Aabc", "manifest", "a", "sha256:abc"],
    ["/v2/a/blobs/sha256:abc", "blob", "a", "sha256:abc"],
    ["/v2/a/blobs/uploads", "uploads", "a", ""],
    ["/v2/a/blobs/uploads/", "uploads", "a", ""],
    ["/v2/a/blobs/uploads/id", "upload", "a", "id"],
    ["/v2/a/referrers/sha256:abc", "referrers", "a", "sha256:abc"],
    ["/v2/localhost:5000/a/manifests/v1", "manifest", "localhost:5000/a", "v1"],
    ["/v2/manifests/manifests/manifests", "manifest", "manifests", "manifests"],
    ["/v2/a/blobs/uploads/tags/list", "tags", "a/blobs/uploads", ""],
    ["", undefined],
    ["/", undefined],
    ["v2/", undefined],
    ["/V2/", undefined],
    ["/v2/a", undefined],
    ["/v2/tags/list", undefined],
    ["/v2/manifests/v1", undefined],
    ["/v2/blobs/uploads/", undefined],
    ["/v2/a%2Fb/manifests/v1", undefined],
    ["/v2/a/manifests/%", undefined],
    ["/v2/a/manifests/%ff", undefined],
  ];
  for (const [path, endpoint, name, target] of rows) {
    const expected = endpoint && { endpoint, name, target };
    assert.deepEqual(parseRoute(path), expected, path);
  }
});

Deno.test("parseRoute() reads back the name and target of every path", () => {
  const component = fc.stringMatching(/^[a-z0-9:._-]{1,12}$/);
  const name = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  fc.assert(fc.property(name, component, (name, target) => {
    assert.deepEqual(parseRoute(`/v2/${name}/manifests/${target}`), {
      endpoint: "manifest",
      name,
      target,
    });
  }));
});

Deno.test("parseRoute() never puts a slash into a target", () => {
  fc.assert(fc.property(fc.webPath(), (path) => {
    const route = parseRoute(`/v2${path}`);
    assert.ok(!route?.target.includes("/"));
  }));
});
