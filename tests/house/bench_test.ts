import assert from "node:assert/strict";
import { shortVersion } from "../../scripts/bench/machine.ts";
import { measure, parseReport } from "../../scripts/bench/measure.ts";
import { race } from "../../scripts/bench/race.ts";
import { cells, markdownTable, median, resultsOf } from "../../scripts/bench/table.ts";
import { tempFolder } from "../support/temp.ts";
import { chooseContenders, chooseWorks, WORKS } from "../../scripts/bench/works.ts";

const cost = (wallMs: number, cpuMs = wallMs, peakBytes = 1024 ** 2) => ({
  wallMs,
  cpuMs,
  peakBytes,
});

const contender = (name: string, ...tools: string[]) => ({
  name,
  tools,
  run: () => ({ argv: ["true"] }),
});

Deno.test("median() is the value in the middle, whatever the order", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("resultsOf() compares ours with each peer, column by column", () => {
  const results = resultsOf("push", "ours", [
    { contender: contender("ours"), costs: [cost(30, 1), cost(10, 3), cost(20, 2)] },
    { contender: contender("peer"), costs: [cost(40), cost(40), cost(90)] },
  ]);
  assert.deepEqual(results.map(({ median }) => median), [cost(20, 2), cost(40)]);
  assert.deepEqual(results.map(({ ratio }) => ratio), [undefined, 0.5]);
});

Deno.test("resultsOf() has no ratios when ours failed", () => {
  const [peer] = resultsOf("push", "ours", [{ contender: contender("peer"), costs: [cost(1)] }]);
  assert.equal(peer?.ratio, undefined);
});

Deno.test("markdownTable() names a work once and puts figures on the right", () => {
  const results = resultsOf("push", "ours", [
    { contender: contender("ours"), costs: [cost(1234)] },
    { contender: contender("peer"), costs: [cost(12_340, NaN, NaN)] },
  ]);
  assert.equal(
    markdownTable(results),
    `
| work | by   |    wall |     CPU | peak memory | ours ÷ it |
| ---- | ---- | ------: | ------: | ----------: | --------: |
| push | ours | 1.234 s | 1.234 s |       1 MiB |           |
|      | peer |  12.3 s |       – |           – |      0.10 |
`.trim(),
  );
  assert.equal(cells(results[1]!)[0], "push");
});

Deno.test("chooseContenders() leaves out whoever misses a program, and names it once", () => {
  const all = [
    contender("ours"),
    contender("curl", "curl"),
    contender("both", "curl", "openssl"),
    contender("oras", "oras"),
  ];
  const { present, missing } = chooseContenders(all, (tool) => tool === "curl");
  assert.deepEqual(present.map(({ name }) => name), ["ours", "curl"]);
  assert.deepEqual(missing, ["openssl", "oras"]);
});

Deno.test("chooseWorks() takes a word of the name, and the main works alone when in a hurry", () => {
  const all = chooseWorks({ only: "", quick: false });
  assert.deepEqual(all, WORKS.filter(({ name }) => !name.startsWith("8 GiB")));
  assert.equal(chooseWorks({ only: "8 GiB", quick: false }).length, 4);
  assert.deepEqual(chooseWorks({ only: "no such work", quick: false }), []);
  const pulls = chooseWorks({ only: "pull", quick: true }).map(({ name }) => name);
  assert.deepEqual(pulls, ["pull into the store", "pull to a folder"]);
});

Deno.test("every work has a name of its own, and ours needs no program but Deno", () => {
  assert.equal(new Set(WORKS.map(({ name }) => name)).size, WORKS.length);
  for (const { name, contenders } of WORKS) {
    assert.match(contenders[0]?.name ?? "", /^modelops/, name);
    assert.deepEqual(contenders[0]?.tools, [], name);
  }
});

Deno.test("parseReport() turns seconds into milliseconds and KiB into bytes", () => {
  assert.deepEqual(parseReport("1.500000 0.250000 2048\n"), cost(1500, 250, 2048 * 1024));
});

Deno.test("shortVersion() finds the number in what a program says first", () => {
  assert.equal(shortVersion("Version:    1.3.3\nGo version: go1.26\n"), "1.3.3");
  assert.equal(shortVersion("curl 7.88.1 (x86_64) libcurl/7.88.1\n"), "7.88.1");
  assert.equal(shortVersion("Version: unknown\n"), "unknown");
  assert.equal(shortVersion("\n"), undefined);
});

const options = { env: { PATH: "/usr/bin:/bin" }, signal: new AbortController().signal };
const ignore = Deno.build.os !== "linux";

Deno.test({ name: "measure() tells time and memory of what ran", ignore }, async () => {
  const { wallMs, cpuMs, peakBytes } = await measure({ argv: ["sh", "-c", "exit 0"] }, options);
  assert.ok(wallMs > 0 && cpuMs >= 0 && peakBytes > 0);
});

Deno.test({ name: "measure() has no figure for a command that fails", ignore }, async () => {
  const failing = { argv: ["sh", "-c", "echo no such thing >&2; exit 3"] };
  await assert.rejects(measure(failing, options), /Cannot measure "sh -c .*no such thing/);
  await assert.rejects(measure({ argv: ["no-such-program"] }, options), /no-such-program/);
});

Deno.test("a contender that takes longer than it may is reported, and the others go on", async () => {
  await using folder = await tempFolder();
  const failures: string[] = [];
  const slow = { ...contender("slow"), run: () => ({ argv: ["sleep", "600"] }) };
  const works = { name: "wait", content: "one", contenders: [], leaves: "nothing" } as const;
  const scores = await race(works, {
    folder: folder.path,
    content: { folder: folder.path, files: [], size: 0 },
    contenders: [contender("quick"), slow],
    runs: 1,
    limitSeconds: 1,
    signal: new AbortController().signal,
    onFailure: ({ name }, error) => failures.push(`${name}: ${(error as Error).message}`),
  });
  assert.deepEqual(failures, ["slow: It takes longer than 1 s"]);
  assert.deepEqual(scores.map(({ contender: { name }, costs }) => [name, costs.length]), [
    ["quick", 1],
  ]);
});
