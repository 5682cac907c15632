/** Lets the contenders of a work take turns, in folders and registries of their own. @module */
import { join } from "node:path";
import { makeCertificates } from "../../tests/support/certificates.ts";
import { startRegistry, startServe } from "../services.ts";
import type { Contender } from "./contenders.ts";
import { copyContent, folderSize } from "./content.ts";
import type { Content } from "./content.ts";
import { type CountingProxy, startCountingProxy } from "./counting_proxy.ts";
import { measureKilled } from "./killed.ts";
import { measure, run } from "./measure.ts";
import type { Cost, RunOptions } from "./measure.ts";
import { publish } from "./tools.ts";
import type { Place, RegistryPlace } from "./tools.ts";
import type { Work } from "./works.ts";

/** What a race needs. */
export interface RaceOptions {
  /** An empty folder, which the caller removes. */
  readonly folder: string;
  /** Makes a folder that has nothing in it, wherever what was there goes. */
  readonly empty: (folder: string) => Promise<void>;
  readonly content: Content;
  readonly contenders: readonly Contender[];
  readonly runs: number;
  readonly signal: AbortSignal;
  /** Seconds that one run may take; who needs longer is reported, and the others go on. */
  readonly limitSeconds: number;
  /** Hears of a contender that fails; the others go on without it. */
  readonly onFailure: (contender: Contender, error: unknown) => void;
}

/** What the runs of one contender cost. */
export interface Score {
  readonly contender: Contender;
  readonly costs: Cost[];
}

/** A contender with its place. */
interface Entrant extends Score {
  readonly place: Place;
  readonly run: RunOptions;
}

/** Measures one work; contenders that failed are left out. */
export async function race(work: Work, options: RaceOptions): Promise<Score[]> {
  await using registry = await startRegistryOf(work, options.folder);
  let entrants = await enter(work, registry, options);
  // The first round fills caches, shows who does the work, and does not count.
  for (let round = 0; round <= options.runs; round++) {
    entrants = await attempt(entrants, round, options, async (entrant) => {
      const { place, contender } = entrant;
      const cost = await costOf(work, entrant, registry, limited(entrant.run, options));
      if (round === 0) await expectResult(work, place, registry);
      else entrant.costs.push(cost);
      // At once, so that nobody pays for writing back what another has left in memory.
      await cleanUp(work, place, registry, options);
      if (work.newFiles === true && marksFiles(contender)) {
        await options.empty(place.content.folder);
        await copyContent(options.content, place.content.folder);
      }
    });
  }
  // What is still in it would be removed when it ends.
  if (registry.root !== undefined) await options.empty(registry.root);
  return entrants.map(({ contender, costs }) => ({ contender, costs }));
}

/** Runs the contender once. */
async function costOf(
  work: Work,
  { contender, place }: Entrant,
  { proxy, requests }: RaceRegistry,
  run: RunOptions,
): Promise<Cost> {
  const command = contender.run(place);
  if (work.killed !== undefined && proxy !== undefined) {
    const { size } = place.content;
    return await measureKilled(command, run, { proxy, direction: work.killed, size });
  }
  const before = requests?.();
  const cost = await measure(command, run);
  if (requests === undefined || before === undefined) return cost;
  return { ...cost, requests: requests() - before };
}

/** A registry that runs, or stands for none. */
interface RaceRegistry extends AsyncDisposable {
  readonly place: RegistryPlace;
  /** Folder of everything that it keeps. */
  readonly root?: string;
  /** In front of it, where programs are killed. */
  readonly proxy?: CountingProxy;
  /** How many requests it has answered; absent where it does not tell. */
  requests?(): number;
}

async function startRegistryOf(
  { registry: name, killed }: Work,
  folder: string,
): Promise<RaceRegistry> {
  if (name === undefined) {
    return { place: { address: "registry.test" }, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  await using stack = new AsyncDisposableStack();
  const [program, secured] = name.split(" over ");
  const certificates = secured === undefined ? undefined : await makeCertificates(folder);
  const start = program === "serve" ? startServe : startRegistry;
  const service = stack.use(await start({ tls: certificates?.server }));
  const proxy = killed && stack.use(startCountingProxy(service.address));
  const running = stack.move();
  return {
    place: { address: (proxy ?? service).address, caFile: certificates?.caFile },
    root: service.root,
    proxy,
    ...(program === "docker-registry" ? { requests: () => requestsIn(service.logs()) } : {}),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The lines of an access log, in the form that Apache had first. */
function requestsIn(log: string): number {
  return log.match(/"[A-Z]+ \/v2\/\S* HTTP/g)?.length ?? 0;
}

/** Prepares all contenders. */
async function enter(
  work: Work,
  registry: RaceRegistry,
  options: RaceOptions,
): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const [index, contender] of options.contenders.entries()) {
    const folder = join(options.folder, String(index));
    const [kept, fresh, temporary, own] = [
      join(folder, "kept"),
      join(folder, "fresh"),
      join(folder, "tmp"),
      join(folder, "content"),
    ];
    await Promise.all([kept, fresh, temporary, own].map(options.empty));
    const content = marksFiles(contender)
      ? await copyContent(options.content, own)
      : options.content;
    const place = { kept, fresh, content, registry: registry.place };
    const caches = work.remembers === true ? kept : fresh;
    const env = { ...environment(place, caches), TMPDIR: temporary };
    entrants.push({ contender, place, costs: [], run: { env, signal: options.signal } });
  }
  const [ours] = entrants;
  if (ours !== undefined && registry.root !== undefined) {
    await runAll(publish(ours.place), ours.run);
  }
  const ready = await attempt(entrants, 0, options, async ({ contender, place, run }) => {
    await runAll(contender.setUp?.(place) ?? [], limited(run, options));
    await options.empty(place.fresh);
  });
  if (work.leaves === "registry" && registry.root !== undefined) await options.empty(registry.root);
  return ready;
}

/**
 * Whether a contender changes the files that it packages. modctl notes digests in extended
 * attributes: it would know the files in the next run, and to all others, who go by the time of the
 * last change, they would seem new.
 */
function marksFiles({ tools }: Contender): boolean {
  return tools.includes("modctl");
}

/** Does something with each entrant in turn, and returns those that managed it. */
async function attempt(
  entrants: readonly Entrant[],
  round: number,
  { onFailure, signal }: RaceOptions,
  action: (entrant: Entrant) => Promise<void>,
): Promise<Entrant[]> {
  const failed = new Set<Entrant>();
  for (const index of entrants.keys()) {
    // Each round begins with another one.
    const entrant = entrants[(index + round) % entrants.length]!;
    try {
      await action(entrant);
    } catch (error) {
      signal.throwIfAborted();
      failed.add(entrant);
      onFailure(entrant.contender, error);
    }
  }
  return entrants.filter((entrant) => !failed.has(entrant));
}

/** The options of a run that is ended when its time is over. */
function limited(run: RunOptions, { limitSeconds }: RaceOptions): RunOptions {
  const controller = new AbortController();
  const end = () => controller.abort(new Error(`It takes longer than ${limitSeconds} s`));
  // No test and no program waits for it.
  Deno.unrefTimer(setTimeout(end, limitSeconds * 1000));
  return { ...run, signal: AbortSignal.any([run.signal, controller.signal]) };
}

async function runAll(commands: Iterable<Parameters<typeof run>[0]>, options: RunOptions) {
  for (const command of commands) await run(command, options);
}

/** A home of its own, and no setting of the user but the path and Deno's cache. */
function environment({ kept, registry }: Place, caches: string): Record<string, string> {
  const trust: Record<string, string> = registry.caFile === undefined
    ? {}
    : { SSL_CERT_FILE: registry.caFile, CURL_CA_BUNDLE: registry.caFile };
  return {
    PATH: Deno.env.get("PATH") ?? "",
    DENO_DIR: Deno.env.get("DENO_DIR") ?? "",
    HOME: kept,
    XDG_CACHE_HOME: join(caches, ".cache"),
    XDG_CONFIG_HOME: join(kept, ".config"),
    XDG_DATA_HOME: join(kept, ".local", "share"),
    XDG_RUNTIME_DIR: join(kept, ".run"),
    NO_COLOR: "1",
    ...trust,
  };
}

/**
 * Compares what is there with the size of the content.
 * @throws {Error} when there is less.
 */
async function expectResult(work: Work, place: Place, { root }: RaceRegistry): Promise<void> {
  const folder = work.leaves === "registry" ? root : place.fresh;
  if (work.leaves === "nothing" || folder === undefined) return;
  const found = await folderSize(folder);
  if (found >= place.content.size) return;
  throw new Error(`The work is not done: got ${found} bytes, want ${place.content.size}`);
}

async function cleanUp(
  work: Work,
  place: Place,
  { root }: RaceRegistry,
  { empty }: RaceOptions,
): Promise<void> {
  await empty(place.fresh);
  if (work.leaves === "registry" && root !== undefined) await empty(root);
}
