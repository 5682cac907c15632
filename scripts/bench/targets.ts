/**
 * What each work has to reach, as data, and whether it does.
 *
 * A target beside a peer is the most that `ours ÷ it` may be, and stands in the line of the peer;
 * all others stand in our own line.
 * @module
 */
import type { Result } from "./results.ts";

const MEBIBYTE = 1024 ** 2;

/** The most that our time over a contender's may be, by the contender's name. */
type Ratios = Readonly<Record<string, number>>;

/** What ours has to reach by itself. */
interface Limits {
  readonly seconds?: number;
  readonly peakMiB?: number;
  readonly gigabytesPerSecond?: number;
  /** Share of the content that may be moved twice. */
  readonly twice?: number;
  /** Requests for each blob, the config among them. */
  readonly requestsPerBlob?: number;
  /** Our time is below that of everyone in these lines of other works. */
  readonly fasterThanAllOf?: string;
}

/** What a work has to reach. */
export interface Target {
  readonly ratios?: Ratios;
  readonly limits?: Limits;
}

/** "1.5 × as fast as": ours may take so much of the other's time. */
const fast = (factor: number): number => 1 / factor;

const BESIDE_ORAS_COPY = { ratios: { "oras copy": 1 } };
const BESIDE_ORAS_PULL = { ratios: { "oras pull": 1 } };
const SMALL = { limits: { seconds: 60, peakMiB: 400 } };
const HUGE = { limits: { peakMiB: 300 } };
const KILLED = { limits: { twice: 0.02 } };
const STARTED = { ratios: { "empty program of Deno": 2 } };

/** By the name of the work. */
export const TARGETS: Readonly<Record<string, Target>> = {
  "build": {
    ratios: {
      "cp, 2 × openssl": 1.3,
      "modctl build --raw": fast(1.5),
      "kit pack": fast(1.5),
      "oras push --oci-layout": fast(1.5),
    },
  },
  "build again, unchanged": { ratios: { "modelops --version": 4 } },
  "build to docker-registry": { ratios: { "modctl build --output-remote": 1, "oras push": 1 } },
  "build to docker-registry over TLS": { ratios: { "oras push": 1 } },
  "push to docker-registry": {
    ratios: {
      "modctl push": 1,
      "kit push": fast(0.95),
      "oras copy": 1,
      "skopeo copy": 1,
      "regctl image copy": 1,
      "curl -T, all at once": fast(0.95),
    },
  },
  "push to docker-registry over TLS": BESIDE_ORAS_COPY,
  "push to serve": {
    limits: { gigabytesPerSecond: 0.5, fasterThanAllOf: "push to docker-registry" },
  },
  "push to serve over TLS": BESIDE_ORAS_COPY,
  "pull into the store": {
    ratios: {
      "kit pull": 1,
      "oras copy": 1,
      "skopeo copy": fast(2.2),
      "curl --parallel": fast(0.8),
    },
  },
  "pull into the store over TLS": BESIDE_ORAS_COPY,
  "pull into the store from serve over TLS": BESIDE_ORAS_COPY,
  "pull to a folder": {
    ratios: { "modctl pull --extract-from-remote": 1, "kit unpack": fast(0.9), "oras pull": 1 },
  },
  "pull to a folder over TLS": BESIDE_ORAS_PULL,
  "pull to a folder from serve over TLS": BESIDE_ORAS_PULL,
  "pull one large file to a folder": {
    ratios: {
      "modctl pull --extract-from-remote": fast(1.5),
      "oras pull": fast(1.5),
      "curl -o": 1,
    },
  },
  "pull one large file to a folder over TLS": BESIDE_ORAS_PULL,
  "pull one large file to a folder from serve over TLS": BESIDE_ORAS_PULL,
  "extract": { ratios: { "modctl extract": 1 } },
  "build 2,000 small files": { ratios: { "modctl build --raw": fast(1.5) } },
  "push 2,000 small files": { ratios: { "modctl push": fast(1.5) } },
  "pull 2,000 small files": { ratios: { "modctl pull": fast(1.5) } },
  "extract 2,000 small files": { ratios: { "modctl extract": fast(1.5) } },
  "build 10,000 small files": SMALL,
  "push 10,000 small files": SMALL,
  "pull 10,000 small files": SMALL,
  "extract 10,000 small files": SMALL,
  "push again, unchanged": STARTED,
  "push again, 1,000 layers": { limits: { seconds: 2, requestsPerBlob: 1 } },
  "killed: pull into the store": KILLED,
  "killed: pull to a folder": KILLED,
  "killed: pull to a folder over TLS": KILLED,
  "killed: push to serve": KILLED,
  "killed: push to serve over TLS": KILLED,
  "8 GiB: build": HUGE,
  "8 GiB: build to docker-registry": HUGE,
  "8 GiB: push": HUGE,
  "8 GiB: pull": HUGE,
  "8 GiB: pull to a folder": HUGE,
  "8 GiB: extract": HUGE,
  "list": STARTED,
  "inspect": STARTED,
  "tag": STARTED,
};

/** One target of one line of the table. */
export interface Judgement {
  /** Such as `≤ 1.05`. */
  readonly wanted: string;
  /** Such as `1.20`; absent where the table has it. */
  readonly found?: string;
  /** Absent when it cannot be told: another work that it is about was not measured. */
  readonly holds?: boolean;
}

/** The targets of a line, each judged; `all` are the lines of all works. */
export function judge(result: Result, all: readonly Result[]): Judgement[] {
  const { ratios, limits } = TARGETS[result.work] ?? {};
  if (!result.ours) return besideOurs(result, ratios?.[result.contender]);
  return limits === undefined ? [] : LIMITS.flatMap((limit) => limit(limits, result, all) ?? []);
}

function besideOurs({ ratio }: Result, most: number | undefined): Judgement[] {
  if (most === undefined) return [];
  return [{
    wanted: `≤ ${most.toFixed(2)}`,
    holds: ratio === undefined ? undefined : ratio <= most,
  }];
}

type Judge = (limits: Limits, result: Result, all: readonly Result[]) => Judgement | undefined;

/** How each limit is judged. */
const LIMITS: readonly Judge[] = [
  ({ seconds: most }, { median }) =>
    most === undefined ? undefined : { wanted: `≤ ${most} s`, holds: median.wallMs <= most * 1000 },
  ({ peakMiB: most }, { median }) =>
    most === undefined
      ? undefined
      : { wanted: `≤ ${most} MiB`, holds: median.peakBytes <= most * MEBIBYTE },
  ({ gigabytesPerSecond: least }, { median, content }) => {
    if (least === undefined) return undefined;
    const rate = content.bytes / 1e6 / median.wallMs;
    return { wanted: `≥ ${least} GB/s`, found: rate.toFixed(2), holds: rate >= least };
  },
  ({ twice: most }, { median: { twice } }) =>
    most === undefined ? undefined : {
      wanted: `≤ ${most * 100} % twice`,
      found: twice === undefined ? undefined : `${(twice * 100).toFixed(2)} %`,
      holds: twice === undefined ? undefined : twice <= most,
    },
  ({ requestsPerBlob: most }, { median: { requests }, content: { files } }) => {
    if (most === undefined) return undefined;
    const blobs = files + 1;
    return {
      wanted: `≤ ${most * blobs} requests`,
      found: requests?.toFixed(),
      holds: requests === undefined ? undefined : requests <= most * blobs,
    };
  },
  ({ fasterThanAllOf: other }, { median }, all) => {
    if (other === undefined) return undefined;
    const best = Math.min(
      ...all.filter(({ work }) => work === other).map((each) => each.median.wallMs),
    );
    return {
      wanted: `< each "${other}"`,
      holds: best === Infinity ? undefined : median.wallMs < best,
    };
  },
];
