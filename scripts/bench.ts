/**
 * `deno task bench`: what our work costs beside that of every peer on the PATH, and whether that is
 * what it has to reach. Contenders take turns, so that a busy machine is busy for all of them, and
 * medians are compared. `docs/performance.md` says what the rows mean. With `--scale`, many
 * pull one model at once instead: `docs/scale.md`.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chooseContenders, chooseWorks } from "./bench/choose.ts";
import { emptier, makeContent } from "./bench/content.ts";
import type { Content, ContentName } from "./bench/content.ts";
import { machineFacts } from "./bench/machine.ts";
import { race } from "./bench/race.ts";
import { readReport, type Report, withResults, writeReport } from "./bench/report.ts";
import { type Result, resultsOf } from "./bench/results.ts";
import { HEADINGS, markdownTable, tableLines, textLine } from "./bench/table.ts";
import { BUNDLE } from "./bench/tools.ts";
import type { Work } from "./bench/works.ts";
import { bundle } from "./bundle.ts";
import { findProgram } from "./services.ts";

/** The fewest runs whose median says something. */
const FEWEST_RUNS = 3;

const MEBIBYTE = 1024 * 1024;

const HELP = `Usage: deno task bench [flags]

Measures this program beside modctl, oras, kit, regctl, skopeo, curl, openssl and cp, as far as they
are on the PATH, and says whether each row reaches what it has to.

  --quick          the main rows in less than a minute: build, build again, push, pull, pull to a
                   folder, extract and list, with 64 MiB, against docker-registry over HTTP, beside
                   those contenders that ours has to reach; times of starting count for much there
  --only WORD      the rows whose name has this word, or is it; may be given more than once
  --size MIB       sum of the large files (1024, with --quick 64)
  --runs N         runs of each contender after one that does not count (${FEWEST_RUNS} at least)
  --limit SECONDS  time that one run may take (300)
  --scale          1, 8 and 32 pullers of one model at once instead: docs/scale.md
  --keep FILE      keep results in a file, and show those of other parts with them
  --json           write every single run
  --markdown       write the machine and the table as in docs/performance.md`;

/** What the arguments ask for. */
interface Settings {
  readonly works: readonly Work[];
  /** Sum of the large files, in bytes. */
  readonly size: number;
  readonly runs: number;
  /** Seconds that one run may take. */
  readonly limitSeconds: number;
  readonly form: "text" | "json" | "markdown";
  /** Whether many pullers of one model are measured, in place of the works. */
  readonly isScale: boolean;
  /** The file of results that stay from one run to the next. */
  readonly keep?: string;
}

/** The settings; `undefined` for whoever wants to read about them. */
function readSettings(): Settings | undefined {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      size: { type: "string" },
      runs: { type: "string", default: String(FEWEST_RUNS) },
      limit: { type: "string", default: "300" },
      keep: { type: "string" },
      scale: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const works = chooseWorks(values);
  const size = Number(values.size ?? (values.quick ? 64 : 1024)) * MEBIBYTE;
  const runs = Number(values.runs);
  const limitSeconds = Number(values.limit);
  if (works.length === 0 || !(size > 0) || !(runs >= FEWEST_RUNS) || !(limitSeconds > 0)) {
    throw new Error(
      `Cannot measure: want --size in MiB, --runs from ${FEWEST_RUNS}, --limit in seconds, ` +
        "and with --quick, --only out of the main works",
    );
  }
  const form = values.json ? "json" : values.markdown ? "markdown" : "text";
  return { works, size, runs, limitSeconds, form, keep: values.keep, isScale: values.scale };
}

/** Whether the machine has a program; one with a slash is a file of this repository. */
function has(tool: string): boolean {
  if (!tool.includes("/")) return findProgram(tool) !== undefined;
  try {
    return Deno.statSync(fileURLToPath(new URL(`../${tool}`, import.meta.url))).isFile;
  } catch {
    return false;
  }
}

/** Contents by name, each made when the first work needs it. */
function contentMaker(folder: string, size: number): (name: ContentName) => Promise<Content> {
  const made = new Map<ContentName, Promise<Content>>();
  return (name) =>
    made.getOrInsertComputed(name, () => makeContent(join(folder, name), name, size));
}

/** Measures the works one after the other, and hands on the results of each. */
async function* measureWorks(
  { works, size, runs, limitSeconds }: Settings,
  signal: AbortSignal,
): AsyncGenerator<readonly Result[]> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "modelops-bench-" }));
  try {
    const content = contentMaker(folder, size);
    for (const work of works) {
      const scratch = join(folder, "race");
      const made = await content(work.content);
      const empty = emptier(made, join(folder, "aside"));
      await empty(scratch);
      const scores = await race(work, {
        folder: scratch,
        empty,
        content: made,
        contenders: chooseContenders(work.contenders, has).present,
        runs: Math.max(runs, work.runs ?? 0),
        limitSeconds,
        signal,
        onFailure: ({ name }, error) => complain(`${work.name}, ${name}`, error),
      }).catch((error) => {
        signal.throwIfAborted();
        complain(work.name, error);
        return [];
      });
      const ours = work.contenders[0]?.name ?? "";
      const measured = { files: made.files.length, bytes: made.size };
      yield resultsOf({ work: work.name, ours, content: measured }, scores);
      await empty(scratch);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function complain(what: string, error: unknown): void {
  console.error(`${what}: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = 1;
}

/** Ctrl-C ends the programs that run and removes the folders. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort(new Error("Interrupted"));
  for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, stop);
  return controller.signal;
}

/** Deno's own cache stays where it is: contenders have homes of their own. */
async function pinDenoCache(): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  Deno.env.set("DENO_DIR", JSON.parse(new TextDecoder().decode(stdout)).denoDir);
}

function printFacts(facts: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(facts)) console.log(`- ${name}: ${value}`);
}

async function main(): Promise<void> {
  const settings = readSettings();
  if (settings === undefined) return console.log(HELP);
  if (settings.isScale) {
    const { benchScale } = await import("./bench/scale.ts");
    await pinDenoCache();
    return await benchScale({ size: settings.size, signal: interruptSignal() });
  }
  const { works, size, runs, limitSeconds, form, keep } = settings;
  const contenders = works.flatMap((work) => work.contenders);
  const { missing } = chooseContenders(contenders, has);
  const used = new Set(["docker-registry", ...contenders.flatMap(({ tools }) => tools)]);
  if (missing.length > 0) console.error(`Left out, not on the PATH: ${missing.join(", ")}`);
  await pinDenoCache();
  await bundle(dirname(BUNDLE));
  const facts = {
    ...await machineFacts([...used].filter((tool) => !tool.includes("/"))),
    "sum of the large files": `${size / MEBIBYTE} MiB`,
    runs: `at least ${runs} of at most ${limitSeconds} s, after one that does not count`,
    "left out, not on the PATH": missing.join(", ") || "nobody",
  };
  let report: Report = keep === undefined ? { facts, results: [] } : await readReport(keep, facts);
  if (form === "text") console.log(textLine(HEADINGS));
  for await (const some of measureWorks(settings, interruptSignal())) {
    report = { ...report, results: withResults(report.results, some) };
    if (keep !== undefined) await writeReport(keep, report);
    if (form !== "text") console.error(`measured: ${some[0]?.work ?? "nothing"}`);
    else for (const line of tableLines(some, report.results)) console.log(textLine(line));
  }
  if (form === "json") console.log(JSON.stringify(report, undefined, 2));
  if (form === "markdown") {
    printFacts(report.facts);
    console.log(`\n${markdownTable(report.results)}`);
  }
}

try {
  await main();
} catch (error) {
  complain("bench", error);
}
// Listeners of signals would keep the process.
Deno.exit();
