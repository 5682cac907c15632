/**
 * Profiles of a run over HTTP, at the addresses that `go tool pprof` and its like know:
 * `/debug/pprof/profile?seconds=N` and `/debug/pprof/heap`.
 * @module
 */
import { Session } from "node:inspector/promises";
import { setTimeout as wait } from "node:timers/promises";
import { isLoopbackHost } from "../../core/hosts.ts";
import { ConflictError } from "../../core/errors.ts";
import { formatListenAddress, parseListenAddress } from "../../server/address.ts";
import { createGate } from "../../server/access.ts";
import { faultOf, faultResponse } from "../../server/fault.ts";
import { listen } from "../../server/listen.ts";
import type { Output } from "../output/writer.ts";
import { encodeCpuProfile, encodeHeapProfile, type HeapProfile } from "./pprof.ts";

/** Profiles that are being served. */
export interface Profiling {
  /** URL of the page that lists them. */
  readonly url: string;
  /** Ends the serving; a profile under way ends early and is sent with what it has. */
  stop(): Promise<void>;
}

/** Mean count of bytes between two samples of the heap: what V8 takes by itself. */
const HEAP_INTERVAL = 32 * 1024;

/** Time between two samples of the processor in µs, as often as other tools sample. */
const CPU_INTERVAL_MICROS = 10_000;

/** How long the last answers may take when the run is over. */
const MILLISECONDS_TO_READ = 2000;

const DEFAULT_SECONDS = 30;
const MOST_SECONDS = 3600;

/**
 * Serves profiles of this process at `host:port`.
 * @throws {InvalidInputError} when it is no address of this machine.
 * @throws {ConflictError} when something else listens there.
 */
export async function startProfiling(
  addressText: string,
  output: Pick<Output, "warn" | "note">,
): Promise<Profiling> {
  const address = parseListenAddress(addressText);
  if (!isLoopbackHost(address.hostname)) {
    output.warn(
      `profiles are served at ${formatListenAddress(address)} to everybody who can reach it, ` +
        "without a password",
    );
  }
  const [ending, cutting] = [new AbortController(), new AbortController()];
  const profiler = new Profiler(ending.signal);
  const admit = createGate({ loopbackOnly: isLoopbackHost(address.hostname) });
  const handle = async (request: Request) => {
    try {
      await admit(request);
    } catch (error) {
      return faultResponse(faultOf(error, { unknown: "UNKNOWN" }));
    }
    return await answer(request, profiler);
  };
  const listener = await listenHere(handle, { address, signal: cutting.signal });
  await profiler.start();
  const url = `${listener.url}/debug/pprof/`;
  output.note(`Serving profiles on ${url}`);
  return {
    url,
    async stop() {
      ending.abort();
      const closing = listener[Symbol.asyncDispose]();
      // Somebody who does not read what was sent must not keep the run alive.
      const patience = setTimeout(() => cutting.abort(), MILLISECONDS_TO_READ);
      await closing;
      clearTimeout(patience);
      await profiler.stop();
    },
  };
}

/** The remedy names our flag, not the one of `serve`. */
async function listenHere(...args: Parameters<typeof listen>): ReturnType<typeof listen> {
  try {
    return await listen(...args);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const remedy = "choose another port with `--pprof-addr`, or 0 for any free one";
    throw new ConflictError(error.message, { ...error.facts, remedy, cause: error.cause });
  }
}

/** A refusal with its status. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Page = (url: URL, profiler: Profiler) => Response | Promise<Response>;

/** The pages by path. */
const PAGES: Readonly<Record<string, Page>> = {
  "/debug/pprof": (url) => Response.redirect(new URL("/debug/pprof/", url), 301),
  "/debug/pprof/": () => new Response(INDEX, { headers: { "Content-Type": "text/html" } }),
  "/debug/pprof/profile": (url, profiler) => {
    const gone = new AbortController();
    return attachment("profile", lateBody(profiler.cpu(readSeconds(url), gone.signal), gone));
  },
  "/debug/pprof/heap": async (_url, profiler) => attachment("heap", await profiler.heap()),
};

/** A body that comes later; `gone` is called when the client has left. */
function lateBody(
  bytes: Promise<Uint8Array<ArrayBuffer>>,
  gone: AbortController,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const profile = await bytes;
      if (gone.signal.aborted) return;
      controller.enqueue(profile);
      controller.close();
    },
    cancel: () => gone.abort(),
  });
}

const INDEX = `<!DOCTYPE html>
<title>Profiles</title>
<h1>Profiles</h1>
<ul>
<li><a href="profile?seconds=${DEFAULT_SECONDS}">profile</a>: what the processor does for ?seconds=N
<li><a href="heap">heap</a>: what the memory is used by
</ul>
`;

async function answer(request: Request, profiler: Profiler): Promise<Response> {
  const url = new URL(request.url);
  const page = Object.hasOwn(PAGES, url.pathname) ? PAGES[url.pathname] : undefined;
  try {
    if (page === undefined) throw new Refusal(404, "there is no such profile, see /debug/pprof/");
    if (request.method !== "GET") throw new Refusal(405, "only GET is understood");
    return await page(url, profiler);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return new Response(`${error.message}\n`, { status: error.status });
  }
}

function attachment(name: string, body: BodyInit): Response {
  return new Response(body, {
    headers: {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename="${name}"`,
      "X-Content-Type-Options": "nosniff",
    },
  });
}

function readSeconds(url: URL): number {
  const text = url.searchParams.get("seconds") ?? String(DEFAULT_SECONDS);
  const seconds = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MOST_SECONDS) return seconds;
  throw new Refusal(400, `seconds must be a whole number from 1 to ${MOST_SECONDS}`);
}

/** The profiler of this process. It can do one profile of the processor at a time. */
class Profiler {
  readonly #session = new Session();
  /** Ends a profile of the processor early. */
  readonly #ending: AbortSignal;
  #current: Promise<unknown> | undefined;

  constructor(ending: AbortSignal) {
    this.#ending = ending;
  }

  /** Samples allocations from now on; what was allocated before is not seen. */
  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("HeapProfiler.enable");
    await this.#session.post("HeapProfiler.startSampling", { samplingInterval: HEAP_INTERVAL });
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", { interval: CPU_INTERVAL_MICROS });
  }

  async stop(): Promise<void> {
    // Whoever asked for it hears how it ended.
    await Promise.allSettled([this.#current]);
    await this.#session.post("HeapProfiler.stopSampling");
    this.#session.disconnect();
  }

  async heap(): Promise<Uint8Array<ArrayBuffer>> {
    const { profile } = await this.#session.post("HeapProfiler.getSamplingProfile");
    const facts = { takenAt: new Date(), interval: HEAP_INTERVAL };
    return await encodeHeapProfile(profile as HeapProfile, facts);
  }

  /**
   * Profiles for some seconds, or until the signal is aborted; refused while it does so already.
   */
  cpu(seconds: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#current) throw new Refusal(409, "another profile of the processor is under way");
    const profile = this.#profile(seconds, signal).finally(() => this.#current = undefined);
    this.#current = profile;
    return profile;
  }

  async #profile(seconds: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const startedAt = new Date();
    await this.#session.post("Profiler.start");
    const either = AbortSignal.any([signal, this.#ending]);
    // An abort only makes it shorter.
    await wait(seconds * 1000, undefined, { signal: either }).catch(() => {});
    const { profile } = await this.#session.post("Profiler.stop");
    return await encodeCpuProfile(profile, startedAt);
  }
}
