import assert from "node:assert/strict";
import { emptier } from "../../scripts/bench/content.ts";
import { shortVersion } from "../../scripts/bench/machine.ts";
import { measure, parseReport } from "../../scripts/bench/measure.ts";
import { race } from "../../scripts/bench/race.ts";
import { chooseContenders, chooseWorks } from "../../scripts/bench/choose.ts";
import { startCountingProxy } from "../../scripts/bench/counting_proxy.ts";
import { measureKilled } from "../../scripts/bench/killed.ts";
import { readReport, withResults, writeReport } from "../../scripts/bench/report.ts";
import { median, resultsOf } from "../../scripts/bench/results.ts";
import { markdownTable, tableLines } from "../../scripts/bench/table.ts";
import { judge, TARGETS } from "../../scripts/bench/targets.ts";
import { WORKS } from "../../scripts/bench/works.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

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

/**
 * The lines of a work in which ours takes so many milliseconds, and others as many as they have.
 */
function lines(
  work: string,
  ours: ReturnType<typeof cost> & { twice?: number; requests?: number },
  others: Readonly<Record<string, number>> = {},
) {
  return resultsOf({ work, ours: "ours", content: { files: 4, bytes: 1e9 } }, [
    { contender: contender("ours"), costs: [ours] },
    ...Object.entries(others).map(([name, wallMs]) => ({
      contender: contender(name),
      costs: [cost(wallMs)],
    })),
  ]);
}

Deno.test("median() is the value in the middle, whatever the order", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("resultsOf() compares ours with each peer, column by column", () => {
  const results = resultsOf({ work: "push", ours: "ours", content: { files: 1, bytes: 1 } }, [
    { contender: contender("ours"), costs: [cost(30, 1), cost(10, 3), cost(20, 2)] },
    { contender: contender("peer"), costs: [cost(40), cost(40), cost(90)] },
  ]);
  assert.deepEqual(results.map(({ median }) => median), [cost(20, 2), cost(40)]);
  assert.deepEqual(results.map(({ ratio }) => ratio), [undefined, 0.5]);
});

Deno.test("resultsOf() has no ratios when ours failed", () => {
  const [, peer] = lines("push", cost(1), { peer: 1 });
  assert.equal(peer?.ratio, 1);
  const [alone] = resultsOf({ work: "push", ours: "ours", content: { files: 1, bytes: 1 } }, [
    { contender: contender("peer"), costs: [cost(1)] },
  ]);
  assert.equal(alone?.ratio, undefined);
});

Deno.test("markdownTable() names a work once, puts figures on the right and says what holds", () => {
  const results = lines("extract", cost(1234), { "modctl extract": 1000, "kit unpack": 12_340 });
  assert.equal(
    markdownTable(results),
    `
| work    | by             |    wall |     CPU | peak memory | ours ÷ it | want   | holds  |
| ------- | -------------- | ------: | ------: | ----------: | --------: | ------ | ------ |
| extract | ours           | 1.234 s | 1.234 s |       1 MiB |           |        |        |
|         | modctl extract | 1.000 s | 1.000 s |       1 MiB |      1.23 | ≤ 1.00 | **no** |
|         | kit unpack     |  12.3 s |  12.3 s |       1 MiB |      0.10 |        |        |
`.trim(),
  );
  assert.deepEqual(tableLines([results[1]!]).map(([work]) => work), ["extract"]);
});

Deno.test("a figure that nobody knows is a dash", () => {
  const [line] = tableLines(lines("extract", cost(1000, NaN, NaN)));
  assert.deepEqual(line?.slice(2, 5), ["1.000 s", "–", "–"]);
});

const MIB = 1024 ** 2;

/** What the first line of a work says of its targets. */
const verdicts = (results: ReturnType<typeof lines>, all = results) =>
  judge(results[0]!, all).map(({ wanted, found, holds }) => [wanted, found, holds]);

Deno.test("what ours has to reach by itself stands in its own line", () => {
  assert.deepEqual(verdicts(lines("push 10,000 small files", cost(59_000, 1, 401 * MIB))), [
    ["≤ 60 s", undefined, true],
    ["≤ 400 MiB", undefined, false],
  ]);
  assert.deepEqual(verdicts(lines("8 GiB: pull", cost(1, 1, 299 * MIB))), [
    ["≤ 300 MiB", undefined, true],
  ]);
  assert.deepEqual(verdicts(lines("killed: push to serve", { ...cost(1), twice: 0.021 })), [
    ["≤ 2 % twice", "2.10 %", false],
  ]);
  assert.deepEqual(verdicts(lines("push again, 1,000 layers", { ...cost(900), requests: 5 })), [
    ["≤ 2 s", undefined, true],
    ["≤ 5 requests", "5", true],
  ]);
});

Deno.test("a target about two works is judged when both are there", () => {
  const others = lines("push to docker-registry", cost(1500), { "kit push": 1000 });
  const ours = lines("push to serve", cost(1100));
  assert.deepEqual(verdicts(ours), [
    ["≥ 0.5 GB/s", "0.91", true],
    ['< each "push to docker-registry"', undefined, undefined],
  ]);
  assert.equal(verdicts(ours, [...others, ...ours])[1]?.[2], false);
  const faster = lines("push to serve", cost(999));
  assert.equal(verdicts(faster, [...others, ...faster])[1]?.[2], true);
});

Deno.test("every target is of a work that there is, beside a contender that takes part in it", () => {
  const works = new Map(WORKS.map((work) => [work.name, work]));
  for (const [name, { ratios, limits }] of Object.entries(TARGETS)) {
    const peers = works.get(name)?.contenders.map(({ name }) => name);
    for (const peer of Object.keys(ratios ?? {})) {
      assert.ok(peers?.includes(peer), `${name}: ${peer}`);
    }
    assert.ok(peers?.[0] !== undefined, name);
    const other = limits?.fasterThanAllOf;
    if (other !== undefined) assert.ok(works.has(other), other);
  }
});

Deno.test("results of a part take the place of older ones, in the order of the table", async () => {
  await using folder = await tempFolder();
  const path = folder.join("kept.json");
  const facts = { Deno: "2" };
  assert.deepEqual(await readReport(path, facts), { facts, results: [] });
  const first = [...lines("build", cost(2, NaN)), ...lines("extract", cost(3))];
  await writeReport(path, { facts: { Deno: "1", curl: "7" }, results: first });
  const kept = await readReport(path, facts);
  assert.deepEqual(kept, { facts: { Deno: "2", curl: "7" }, results: first });
  const results = withResults(kept.results, [
    ...lines("push to serve", cost(4)),
    ...lines("build", cost(1)),
  ]);
  assert.deepEqual(results.map(({ work, median }) => [work, median.wallMs]), [
    ["build", 1],
    ["push to serve", 4],
    ["extract", 3],
  ]);
  await folder.write("other.json", "{}");
  await assert.rejects(readReport(folder.join("other.json"), facts), /it has no results/);
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

Deno.test("chooseWorks() takes words of names, and the main works alone when in a hurry", () => {
  const names = (only: string[], quick = false) =>
    chooseWorks({ only, quick }).map(({ name }) => name);
  const rest = WORKS.map(({ name }) => name).filter((name) => !name.startsWith("8 GiB"));
  assert.deepEqual(names([]), rest);
  assert.equal(names(["8 GiB"]).length, 6);
  assert.throws(
    () => names(["build", "no such work"]),
    /"no such work" names no work: want one of/,
  );
  assert.throws(() => names([""]), /names no work/);
  assert.deepEqual(names(["tag", "killed: pull to"]), [
    "killed: pull to a folder",
    "killed: pull to a folder over TLS",
    "tag",
  ]);
  assert.deepEqual(names(["build"]), ["build"]);
  assert.deepEqual(names(["pull"], true), ["pull into the store", "pull to a folder"]);
  const [extract] = chooseWorks({ only: ["extract"], quick: true });
  assert.deepEqual(extract?.contenders.map(({ name }) => name), [
    "modelops extract",
    "modctl extract",
  ]);
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

Deno.test("folders of few files are emptied, what was in those of many lies aside", async () => {
  const file = { name: "a", digest: "" };
  for (const [count, kept] of [[1, []], [99, []], [100, ["a"]], [2000, ["a"]]] as const) {
    await using folder = await tempFolder();
    await folder.write("used/a", "1");
    const content = { folder: folder.path, files: Array(count).fill(file), size: count };
    const empty = emptier(content, folder.join("aside"));
    await empty(folder.join("used"));
    await empty(folder.join("new"));
    const names = async (path: string) =>
      (await Array.fromAsync(Deno.readDir(folder.join(path)))).map(({ name }) => name);
    assert.deepEqual([await names("used"), await names("new")], [[], []]);
    const asides = kept.length === 0 ? [] : await names("aside");
    const found = await Promise.all(asides.map((name) => names(`aside/${name}`)));
    assert.deepEqual(found.flat(), kept);
  }
});

Deno.test("a contender that takes longer than it may is reported, and the others go on", async () => {
  await using folder = await tempFolder();
  const failures: string[] = [];
  const slow = { ...contender("slow"), run: () => ({ argv: ["sleep", "600"] }) };
  const works = { name: "wait", content: "one", contenders: [], leaves: "nothing" } as const;
  const scores = await race(works, {
    folder: folder.path,
    empty: (path) => Deno.mkdir(path, { recursive: true }),
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

const text = (script: string, ...args: string[]) => ({ argv: ["sh", "-c", script, "sh", ...args] });

/** A server that sends so many bytes to whoever asks, from where the request's path says. */
function startBytes(size: number) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const from = Number(new URL(request.url).pathname.slice(1));
    return new Response(new Uint8Array(size - from));
  });
  return {
    address: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

e2eTest("what a killed program receives twice is counted", { needs: ["curl"] }, async () => {
  const size = 64 * MIB;
  await using folder = await tempFolder();
  await using server = startBytes(size);
  await using proxy = startCountingProxy(server.address);
  const file = folder.join("file");
  const counting = { proxy, direction: "receiving", size } as const;
  const again = text('exec curl -sS --limit-rate 64M -o "$1" "http://$2/0"', file, proxy.address);
  const cost = await measureKilled(again, options, counting);
  // Whatever had come by then comes again: half of it at least.
  assert.ok(cost.twice! >= 0.49 && cost.twice! < 1, `${cost.twice}`);
  assert.equal((await Deno.stat(file)).size, size);

  await Deno.remove(file);
  const resuming = text(
    'n=$(stat -c %s "$1" 2>/dev/null || echo 0); exec curl -sS --limit-rate 64M "http://$2/$n" >> "$1"',
    ...[file, proxy.address],
  );
  const less = await measureKilled(resuming, options, counting);
  assert.ok(less.twice! < 0.25, `${less.twice}`);
  assert.equal((await Deno.stat(file)).size, size);

  const short = text("exit 3");
  await assert.rejects(measureKilled(short, options, counting), /halfway: it ended with 3 before/);
});
