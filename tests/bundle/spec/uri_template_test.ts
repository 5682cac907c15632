import assert from "node:assert/strict";
import { expandTemplate, templateFault } from "../../../src/bundle/spec/uri_template.ts";

Deno.test("expandTemplate() puts values in, and braces for doubled ones", () => {
  const values = { path: "a/{b}.bin", name: "n", version: "1", layer: "l", sha256: "f".repeat(64) };
  assert.equal(expandTemplate("az://c/{{x}}/{path}", values), "az://c/{x}/a/{b}.bin");
  assert.equal(
    expandTemplate("az://c/{name}/{version}/{layer}/{sha256}", values),
    `az://c/n/1/l/${values.sha256}`,
  );
  assert.equal(templateFault("az://c/{{x}}/{path}"), undefined);
  for (const bad of ["{", "}", "{}", "{nope}", "{path", "path}", "{{path}", "{__proto__}"]) {
    assert.ok(templateFault(bad), bad);
  }
});
