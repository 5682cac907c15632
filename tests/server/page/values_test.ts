import assert from "node:assert/strict";
import fc from "fast-check";
import { isAnswer } from "../../../src/server/page/client/values/answer_shape.js";
import { pullCommands } from "../../../src/server/page/client/values/commands.js";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDay,
  formatMany,
  formatShape,
  formatShare,
  shortDigest,
} from "../../../src/server/page/client/values/format.js";
import { kindClass, kindLabel } from "../../../src/server/page/client/values/kinds.js";
import { formatPlace, parsePlace, VIEWS } from "../../../src/server/page/client/values/place.js";
import { escapeTextControls } from "../../../src/cli/output/format.ts";
import { oddText } from "../../support/odd_text.ts";
import { visible } from "../../../src/server/page/client/values/visible.js";

Deno.test("the address of a place leads to it again, whatever its names are", () => {
  const place = fc.record({
    repository: fc.string({ minLength: 1, unit: "binary" }).filter((text) => text.isWellFormed()),
    reference: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    view: fc.constantFrom(...VIEWS),
  }, { noNullPrototype: true });
  fc.assert(fc.property(place, (wanted) => {
    const address = formatPlace(wanted);
    assert.deepEqual(parsePlace(new URL(address, "http://localhost/").search), wanted);
  }));
});

Deno.test("an address that nobody wrote leads to the start, or to the overview", () => {
  const start = { view: "overview" };
  for (const search of ["", "?", "?view=files", "?repository=", "?repository=&reference=v1"]) {
    assert.deepEqual(parsePlace(search), start, search);
  }
  const { view, reference } = parsePlace("?repository=a/b&view=__proto__&reference=");
  assert.deepEqual([view, reference], ["overview", undefined]);
  assert.equal(formatPlace({}), "?");
  assert.equal(
    formatPlace({ repository: "team/a", reference: "sha256:12", view: "overview" }),
    "?repository=team/a&reference=sha256:12",
  );
});

Deno.test("sizes, counts and shares are short, and never nothing where there is something", () => {
  const bytes = [0, 1, 1023, 1024, 1048575, 1048576, 4_976_698_672, 2 ** 60];
  assert.deepEqual(bytes.map(formatBytes), [
    ...["0 B", "1 B", "1023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB", "4.6 GiB", "1024.0 PiB"],
  ]);
  const counts = [0, 999, 1000, 951_104, 999_999, 8_030_261_248, 70_553_706_496, 405e9, 1.2e12];
  assert.deepEqual(counts.map(formatCount), [
    ...["0", "999", "1K", "951K", "1M", "8.03B", "70.6B", "405B", "1.2T"],
  ]);
  const shares = [[0, 5], [1, 1e6], [1, 12], [1, 2], [5, 5], [0, 0]] as const;
  assert.deepEqual(shares.map(([part, whole]) => formatShare(part, whole)), [
    ...["0%", "<0.1%", "8.3%", "50%", "100%", "0%"],
  ]);
  assert.deepEqual([0, 1, 2].map((count) => formatMany(count, "repository")), [
    ...["0 repositories", "1 repository", "2 repositories"],
  ]);
  assert.deepEqual([formatShape([]), formatShape([3]), formatShape([3, 4])], [
    ...["scalar", "3", "3 × 4"],
  ]);
});

Deno.test("times are days and ages, and what is no time stays as it is", () => {
  const now = Date.parse("2026-11-26T12:00:00Z");
  const ages = ["2026-11-26T11:59:30Z", "2026-11-26T09:00:00Z", "2026-11-03T12:00:00Z"];
  assert.deepEqual(ages.map((time) => formatAge(time, now)), [
    ...["just now", "3 hours ago", "3 weeks ago"],
  ]);
  assert.equal(formatDay("2026-11-03T23:59:59Z"), "2026-11-03");
  for (const text of ["", "yesterday", "<b>"]) {
    assert.equal(formatDay(text), text);
    assert.equal(formatAge(text, now), text);
  }
});

Deno.test("digests are shown by their start, and kinds by words that are known", () => {
  assert.equal(shortDigest(`sha256:${"ab".repeat(32)}`), "sha256:abababababab");
  assert.equal(shortDigest("v1"), "v1");
  assert.deepEqual(["model", "constructor", undefined].map(kindLabel), [
    ...["Weights", "Other", "Other"],
  ]);
  assert.deepEqual(["doc", "x y", undefined].map(kindClass), [
    ...["kind-doc", "kind-other", "kind-other"],
  ]);
});

Deno.test("commands name tags and digests as each tool does", () => {
  const at = {
    host: "models.example.com",
    isPlain: false,
    repository: "team/a",
    reference: "v1",
    kind: "model",
  };
  assert.deepEqual(pullCommands(at).map(({ line }) => line), [
    "modelops pull models.example.com/team/a:v1 --extract-dir ./a",
    "oras copy models.example.com/team/a:v1 --to-oci-layout ./a:v1",
    "skopeo copy docker://models.example.com/team/a:v1 oci:./a:v1",
  ]);
  assert.deepEqual(
    pullCommands({ ...at, isPlain: true, reference: "sha256:12" }).map(({ line }) => line),
    [
      "modelops pull --plain-http models.example.com/team/a@sha256:12 --extract-dir ./a",
      "oras copy --from-plain-http models.example.com/team/a@sha256:12 --to-oci-layout ./a",
      "skopeo copy --src-tls-verify=false docker://models.example.com/team/a@sha256:12 oci:./a",
    ],
  );
  const ours = (kind: string) => pullCommands({ ...at, kind }).map(({ line }) => line)[0];
  assert.equal(ours("bundle"), "modelops bundle pull models.example.com/team/a:v1 ./a");
  for (const kind of ["image", "index", "artifact", "constructor"]) {
    assert.match(ours(kind) ?? "", /^oras copy /, kind);
  }
});

Deno.test("what nobody sees in a text is shown as an escape, and the rest as it is", () => {
  assert.equal(
    visible("a\u202eb\u200bc\u2069\u0000\u0085"),
    "a\\u202eb\\u200bc\\u2069\\u0000\\u0085",
  );
  const same = ["plain.txt", "نموذج", "👩\u200d🔬", "a\tb\nc", "<b>&amp;'\"", "🏴‍☠️"];
  assert.deepEqual(same.map(visible), same);
  fc.assert(fc.property(oddText, (text) => {
    const shown = visible(text);
    // As the program shows it, but for a return, which is white space in a page.
    assert.equal(shown.replaceAll("\r", "\\u000d"), escapeTextControls(text));
    assert.equal(visible(shown), shown);
  }));
});

Deno.test("whatever an answer is, it is known for one or for none", () => {
  for (const name of ["repositories", "tags", "model", "tensors", "readme"] as const) {
    fc.assert(fc.property(fc.jsonValue(), (document) => {
      assert.equal(typeof isAnswer(name, document), "boolean");
    }));
    for (const document of [null, [], {}, "", 1]) assert.equal(isAnswer(name, document), false);
  }
  assert.equal(isAnswer("repositories", { repositories: [], total: 0 }), true);
  assert.equal(isAnswer("repositories", { repositories: [{ name: "a" }], total: 1 }), false);
  assert.equal(isAnswer("model", { kind: "image", digest: "d", title: "an image" }), true);
  assert.equal(isAnswer("model", { kind: "model", digest: "d", title: "a model" }), false);
});
