/**
 * What a Dragonfly daemon answers to the requests that the program sends: asked of the real one,
 * and of the one that tests have every day.
 * @module
 */
import { digestBytes } from "../../src/core/digest.ts";
import { pushModel, refusal, type Script, scriptedRegistry } from "./scripted_registry.ts";

const BYTES = Uint8Array.from({ length: 9 * 1024 * 1024 + 7 }, (_, at) => at * 13 + (at >> 9));
const BLOB = `blobs/${digestBytes(BYTES)}`;

/** An answer, as far as the program looks at it. */
export interface Seen {
  readonly status: number;
  /** Headers that decide something, by their names in lower case; absent ones are left out. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Whether the body is what was asked for; how many bytes it has otherwise, `cut` where it broke.
   */
  readonly body: "right" | "cut" | number;
  /** Requests for the blob's first byte alone, with which the daemon asks for its size. */
  readonly sizeAsked: number;
  /** Bytes of it that the registry sent besides. */
  readonly fetched: number;
}

/** One request, and how the registry answers what it leads to. */
interface Probe {
  readonly headers?: Readonly<Record<string, string>>;
  readonly script?: Script;
  /** The bytes that are asked for. */
  readonly range?: readonly [start: number, end: number];
}

const answering = (status: number, headers: Record<string, string> = {}): Script => () =>
  refusal(status, headers);

const PROBES: Readonly<Record<string, Probe>> = {
  "a blob": {},
  "a blob that it has": {},
  "the end of it": { headers: { Range: "bytes=1000-" }, range: [1000, BYTES.byteLength] },
  "a part of it": { headers: { Range: "bytes=5000000-5000999" }, range: [5_000_000, 5_001_000] },
  "a part, as long as its ETag stands": {
    headers: { Range: "bytes=7-9", "If-Range": '"another"' },
    range: [7, 10],
  },
  "what begins behind its end": { headers: { Range: `bytes=${BYTES.byteLength}-` } },
  "what wants a login": {
    script: answering(401, { "WWW-Authenticate": 'Bearer realm="http://127.0.0.1:1/token"' }),
  },
  "what is forbidden": { script: answering(403) },
  "what is not there": { script: answering(404) },
  "a registry that is asked too much": { script: answering(429, { "Retry-After": "7" }) },
  "a registry that has trouble": { script: answering(503, { "Retry-After": "7" }) },
};

const LOOKED_AT = [
  "content-length",
  "content-range",
  "etag",
  "retry-after",
  "www-authenticate",
  "x-dragonfly-error-type",
  "x-dragonfly-task-download-finished",
];

const ETAG = { etag: `"${digestBytes(BYTES)}"` };
const SIZE = `${BYTES.byteLength}`;

/** What dfdaemon 1.5.10 answers. */
export const DAEMON_ANSWERS: Readonly<Record<string, Seen>> = {
  "a blob": {
    status: 200,
    headers: { ...ETAG, "content-length": SIZE },
    body: "right",
    sizeAsked: 1,
    fetched: BYTES.byteLength,
  },
  "a blob that it has": had(200, { "content-length": SIZE }),
  "the end of it": had(206, {
    "content-length": `${BYTES.byteLength - 1000}`,
    "content-range": `bytes 1000-${BYTES.byteLength - 1}/${SIZE}`,
  }),
  "a part of it": had(206, {
    "content-length": "1000",
    "content-range": `bytes 5000000-5000999/${SIZE}`,
  }),
  "a part, as long as its ETag stands": had(206, {
    "content-length": "3",
    "content-range": `bytes 7-9/${SIZE}`,
  }),
  "what begins behind its end": {
    status: 500,
    headers: { "content-length": "0", "x-dragonfly-error-type": "dfdaemon" },
    body: 0,
    sizeAsked: 0,
    fetched: 0,
  },
  "what wants a login": refused(401, {
    "www-authenticate": 'Bearer realm="http://127.0.0.1:1/token"',
  }),
  "what is forbidden": refused(403),
  "what is not there": refused(404),
  "a registry that is asked too much": refused(429, { "retry-after": "7" }),
  "a registry that has trouble": refused(503, { "retry-after": "7" }),
};

/** What it has already: the registry is not asked. */
function had(status: number, headers: Readonly<Record<string, string>>): Seen {
  const finished = { "x-dragonfly-task-download-finished": "true" };
  return {
    status,
    headers: { ...ETAG, ...finished, ...headers },
    body: "right",
    sizeAsked: 0,
    fetched: 0,
  };
}

/** What the registry refuses: its status and headers, without its body. */
function refused(status: number, headers: Readonly<Record<string, string>> = {}): Seen {
  return {
    status,
    headers: { ...headers, "content-length": "0", "x-dragonfly-error-type": "backend" },
    body: 0,
    sizeAsked: status === 429 || status >= 500 ? 4 : 2,
    fetched: 0,
  };
}

/** Asks a daemon everything, one after the other. */
export async function probeDaemon(endpoint: string): Promise<Record<string, Seen>> {
  await using registry = scriptedRegistry();
  await pushModel(registry, { "model.bin": BYTES });
  const seen: Record<string, Seen> = {};
  const name = registry.scripted((_request, pass) => pass());
  for (const [what, probe] of Object.entries(PROBES)) {
    const asked = probe.script === undefined ? name : registry.scripted(probe.script);
    seen[what] = await ask(endpoint, registry, { ...probe, asked });
  }
  return seen;
}

function isForSize({ range }: { readonly range: string | null }): boolean {
  return range === "bytes=0-0";
}

async function ask(
  endpoint: string,
  registry: ReturnType<typeof scriptedRegistry>,
  { asked, headers, script, range = [0, BYTES.byteLength] }: Probe & { readonly asked: string },
): Promise<Seen> {
  registry.ledger.length = 0;
  const [, repository] = asked.split("/");
  const response = await fetch(`${endpoint}/v2/${repository}/${BLOB}`, {
    headers: {
      "X-Dragonfly-Registry": `http://${registry.host}`,
      "X-Dragonfly-Use-P2P": "true",
      "X-Dragonfly-Enable-Task-ID-Based-Blob-Digest": String(script === undefined),
      ...headers,
    },
  });
  const bytes = await response.bytes().catch(() => undefined);
  const wanted = BYTES.subarray(...range);
  const isRight = bytes?.byteLength === wanted.byteLength &&
    bytes.every((byte, at) => byte === wanted[at]);
  return {
    status: response.status,
    headers: Object.fromEntries(
      LOOKED_AT.flatMap((each) => {
        const value = response.headers.get(each);
        return value === null ? [] : [[each, value]];
      }),
    ),
    body: isRight ? "right" : bytes?.byteLength ?? "cut",
    sizeAsked: registry.ledger.filter(isForSize).length,
    fetched: registry.ledger.filter((entry) => !isForSize(entry))
      .reduce((sum, { sent }) => sum + sent, 0),
  };
}
