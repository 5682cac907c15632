/** What is measured: one row a work. @module */
import * as contenders from "./contenders.ts";
import type { Contender } from "./contenders.ts";
import type { ContentName } from "./content.ts";

/** A registry that a work needs. */
export type RegistryName =
  | "docker-registry"
  | "docker-registry over TLS"
  | "serve"
  | "serve over TLS";

/** A work that contenders do in turns. */
export interface Work {
  readonly name: string;
  readonly content: ContentName;
  /** Ours is the first. */
  readonly contenders: readonly Contender[];
  readonly registry?: RegistryName;
  /**
   * Where the content is after a run, all of it, and what is emptied before the next one: a
   * contender that has left less there did not do the work.
   */
  readonly leaves: "fresh" | "registry" | "nothing";
  /** Whether the caches of users live from one run to the next; `fresh` has them otherwise. */
  readonly remembers?: boolean;
  /** Whether nobody may know the files from the run before. */
  readonly newFiles?: boolean;
  /**
   * The program is killed when half of the content has come from the registry, or gone to it, and
   * run again: its second run is measured, and what was moved twice.
   */
  readonly killed?: "receiving" | "sending";
  /** Whether it is measured only when it is named: it needs tens of gigabytes. */
  readonly onlyNamed?: boolean;
  /** Whether `--quick` measures it. */
  readonly quick?: boolean;
  /** The fewest runs; short works need more for a steady median. */
  readonly runs?: number;
}

const { BUILD, BUILD_AGAIN, BUILD_REMOTE, PUSH, PULL, PULL_TO_FOLDER, PULL_ONE } = contenders;
const { EXTRACT, LIST, INSPECT, TAG, VERSION, HASH, CURL_BY_VERSION, EMPTY_PROGRAM } = contenders;

/** Ours, and those that need no other programs than these. */
function beside(all: readonly Contender[], ...tools: readonly string[]): Contender[] {
  return all.filter((each, index) =>
    index === 0 || each.tools.every((tool) => tools.includes(tool))
  );
}

/** Whoever can tell that everything is there already, and a program that does nothing at all. */
const PUSH_AGAIN = [...PUSH.filter(({ tools }) => !tools.includes("curl")), EMPTY_PROGRAM];

const LARGE = { content: "large" } as const;
const ONE = { content: "one" } as const;
const HTTP = { registry: "docker-registry" } as const;
const TLS = { registry: "docker-registry over TLS" } as const;
const SERVE = { registry: "serve" } as const;
const SERVE_TLS = { registry: "serve over TLS" } as const;
const TO_REGISTRY = { leaves: "registry" } as const;
const TO_FRESH = { leaves: "fresh" } as const;
const TO_NOTHING = { leaves: "nothing" } as const;
const NEW_FILES = { newFiles: true } as const;
const QUICK = { quick: true } as const;

/** Short works, whose times have to be steady. */
const SHORT = { ...TO_NOTHING, remembers: true, runs: 7 } as const;

/** All works. */
export const WORKS: readonly Work[] = [
  { name: "build", contenders: BUILD, ...LARGE, ...NEW_FILES, ...TO_FRESH, ...QUICK },
  {
    name: "build again, unchanged",
    contenders: BUILD_AGAIN,
    ...LARGE,
    ...TO_NOTHING,
    remembers: true,
    ...QUICK,
  },
  ...toRegistry("build to", BUILD_REMOTE, { ...LARGE, ...NEW_FILES }),
  ...toRegistry("push to", PUSH, { ...LARGE, ...QUICK }),
  ...fromRegistry("pull into the store", PULL, { ...LARGE, ...QUICK }),
  ...fromRegistry("pull to a folder", PULL_TO_FOLDER, { ...LARGE, ...QUICK }),
  ...fromRegistry("pull one large file to a folder", PULL_ONE, ONE),
  {
    name: "HTTP/1.1 or 2",
    contenders: [...beside(PULL), ...CURL_BY_VERSION],
    ...LARGE,
    ...TLS,
    ...TO_FRESH,
  },
  { name: "extract", contenders: EXTRACT, ...LARGE, ...TO_FRESH, ...QUICK },
  ...smallFileWorks("2,000 small files", "small", ["modctl"]),
  ...smallFileWorks("10,000 small files", "many", []),
  { name: "push again, unchanged", contenders: PUSH_AGAIN, ...LARGE, ...HTTP, ...SHORT },
  {
    name: "push again, 1,000 layers",
    contenders: beside(PUSH, "modctl", "oras"),
    content: "layers",
    ...HTTP,
    ...SHORT,
  },
  ...killedWorks(),
  ...hugeWorks(),
  { name: "list", contenders: LIST, ...LARGE, ...SHORT, runs: 11, ...QUICK },
  { name: "inspect", contenders: INSPECT, ...LARGE, ...SHORT, runs: 11 },
  { name: "tag", contenders: TAG, ...LARGE, ...SHORT, runs: 11 },
  { name: "start", contenders: VERSION, ...LARGE, ...SHORT, runs: 11 },
  { name: "hash", contenders: HASH, ...ONE, ...TO_NOTHING },
];

/** What works against each registry have in common. */
type Shape = Pick<Work, "content" | "newFiles" | "quick">;

/** A work whose result is in a registry: all contenders where peers are measured, few elsewhere. */
function toRegistry(name: string, all: readonly Contender[], shape: Shape): Work[] {
  const few = { ...shape, ...TO_REGISTRY, contenders: beside(all, "oras", "curl"), quick: false };
  return [
    { ...shape, ...TO_REGISTRY, ...HTTP, name: `${name} docker-registry`, contenders: all },
    { ...few, ...TLS, name: `${name} docker-registry over TLS` },
    { ...few, ...SERVE, name: `${name} serve` },
    { ...few, ...SERVE_TLS, name: `${name} serve over TLS` },
  ];
}

/** The same of a work that begins with what a registry has. */
function fromRegistry(name: string, all: readonly Contender[], shape: Shape): Work[] {
  const few = { ...shape, ...TO_FRESH, contenders: beside(all, "oras", "curl"), quick: false };
  return [
    { ...shape, ...TO_FRESH, ...HTTP, name, contenders: all },
    { ...few, ...TLS, name: `${name} over TLS` },
    { ...few, ...SERVE, name: `${name} from serve` },
    { ...few, ...SERVE_TLS, name: `${name} from serve over TLS` },
  ];
}

/** The four works with many files of 1 KiB, beside peers that make the same of them. */
function smallFileWorks(
  files: string,
  content: ContentName,
  peers: readonly string[],
): Work[] {
  const small = { content, ...TO_FRESH } as const;
  return [
    { name: `build ${files}`, contenders: beside(BUILD, ...peers), ...small, ...NEW_FILES },
    {
      name: `push ${files}`,
      contenders: beside(PUSH, ...peers),
      ...small,
      ...HTTP,
      ...TO_REGISTRY,
    },
    { name: `pull ${files}`, contenders: beside(PULL, ...peers), ...small, ...HTTP },
    { name: `extract ${files}`, contenders: beside(EXTRACT, ...peers), ...small },
  ];
}

/** What comes twice when ours is killed. `docker-registry` keeps nothing of a push that was cut. */
function killedWorks(): Work[] {
  const receiving = { ...ONE, ...TO_FRESH, killed: "receiving" } as const;
  const sending = { ...ONE, ...TO_REGISTRY, killed: "sending" } as const;
  const [pull, toFolder, push] = [beside(PULL), beside(PULL_TO_FOLDER), beside(PUSH)];
  return [
    { name: "killed: pull into the store", contenders: pull, ...receiving, ...HTTP },
    { name: "killed: pull to a folder", contenders: toFolder, ...receiving, ...HTTP },
    { name: "killed: pull to a folder over TLS", contenders: toFolder, ...receiving, ...TLS },
    { name: "killed: push to serve", contenders: push, ...sending, ...SERVE },
    { name: "killed: push to serve over TLS", contenders: push, ...sending, ...SERVE_TLS },
  ];
}

/** What ours needs of memory with 8 GiB. */
function hugeWorks(): Work[] {
  const huge = { content: "huge", onlyNamed: true, ...TO_FRESH } as const;
  return [
    { name: "8 GiB: build", contenders: beside(BUILD), ...huge, ...NEW_FILES },
    {
      name: "8 GiB: build to docker-registry",
      contenders: beside(BUILD_REMOTE),
      ...huge,
      ...NEW_FILES,
      ...HTTP,
      ...TO_REGISTRY,
    },
    { name: "8 GiB: push", contenders: beside(PUSH), ...huge, ...HTTP, ...TO_REGISTRY },
    { name: "8 GiB: pull", contenders: beside(PULL), ...huge, ...HTTP },
    { name: "8 GiB: pull to a folder", contenders: beside(PULL_TO_FOLDER), ...huge, ...HTTP },
    { name: "8 GiB: extract", contenders: beside(EXTRACT), ...huge },
  ];
}
