/** What is measured: one row a work. @module */
import * as contenders from "./contenders.ts";
import type { Contender } from "./contenders.ts";
import type { ContentName } from "./content.ts";

/** A registry that a work needs. */
export type RegistryName = "docker-registry" | "docker-registry with TLS" | "serve";

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
  /** Whether it is measured only when it is named: it needs tens of gigabytes. */
  readonly onlyNamed?: boolean;
  /** Whether `--quick` measures it. */
  readonly quick?: boolean;
  /** The fewest runs; short works need more for a steady median. */
  readonly runs?: number;
}

const { BUILD, BUILD_AGAIN, BUILD_REMOTE, PUSH, PULL, PULL_TO_FOLDER, PULL_ONE } = contenders;
const { EXTRACT, LIST, VERSION, HASH } = contenders;

/** Kit puts a folder into one layer, and each curl would be thousands of processes. */
const forSmallFiles = (all: readonly Contender[]) =>
  all.filter(({ tools }) => !tools.includes("kit") && !tools.includes("curl"));

const LARGE = { content: "large" } as const;
const SMALL = { content: "small" } as const;
const HTTP = { registry: "docker-registry" } as const;
const TLS = { registry: "docker-registry with TLS" } as const;
const SERVE = { registry: "serve" } as const;
const TO_REGISTRY = { leaves: "registry" } as const;
const NEW_FILES = { newFiles: true } as const;
const TO_FRESH = { leaves: "fresh" } as const;
const QUICK = { quick: true } as const;

/** All works. */
export const WORKS: readonly Work[] = [
  { name: "build", contenders: BUILD, ...LARGE, ...NEW_FILES, ...TO_FRESH, ...QUICK },
  {
    name: "build again, unchanged",
    contenders: BUILD_AGAIN,
    ...LARGE,
    leaves: "nothing",
    remembers: true,
    ...QUICK,
  },
  {
    name: "build to docker-registry",
    contenders: BUILD_REMOTE,
    ...LARGE,
    ...NEW_FILES,
    ...HTTP,
    ...TO_REGISTRY,
  },
  {
    name: "push to docker-registry",
    contenders: PUSH,
    ...LARGE,
    ...HTTP,
    ...TO_REGISTRY,
    ...QUICK,
  },
  { name: "push to serve", contenders: PUSH, ...LARGE, ...SERVE, ...TO_REGISTRY },
  { name: "push over TLS", contenders: PUSH, ...LARGE, ...TLS, ...TO_REGISTRY },
  { name: "push again, unchanged", contenders: pushAgain(), ...LARGE, ...HTTP, ...onceMore() },
  { name: "pull into the store", contenders: PULL, ...LARGE, ...HTTP, ...TO_FRESH, ...QUICK },
  { name: "pull from serve", contenders: PULL, ...LARGE, ...SERVE, ...TO_FRESH },
  {
    name: "pull over TLS",
    contenders: [...PULL, ...contenders.CURL_BY_VERSION],
    ...LARGE,
    ...TLS,
    ...TO_FRESH,
  },
  {
    name: "pull to a folder",
    contenders: PULL_TO_FOLDER,
    ...LARGE,
    ...HTTP,
    ...TO_FRESH,
    ...QUICK,
  },
  {
    name: "pull to a folder over TLS",
    contenders: PULL_TO_FOLDER,
    ...LARGE,
    ...TLS,
    ...TO_FRESH,
  },
  {
    name: "pull one large file to a folder",
    contenders: PULL_ONE,
    content: "one",
    ...HTTP,
    ...TO_FRESH,
  },
  { name: "extract", contenders: EXTRACT, ...LARGE, ...TO_FRESH, ...QUICK },
  {
    name: "build 2,000 small files",
    contenders: forSmallFiles(BUILD),
    ...SMALL,
    ...NEW_FILES,
    ...TO_FRESH,
  },
  {
    name: "push 2,000 small files",
    contenders: forSmallFiles(PUSH),
    ...SMALL,
    ...HTTP,
    ...TO_REGISTRY,
  },
  {
    name: "pull 2,000 small files",
    contenders: forSmallFiles(PULL),
    ...SMALL,
    ...HTTP,
    ...TO_FRESH,
  },
  { name: "extract 2,000 small files", contenders: forSmallFiles(EXTRACT), ...SMALL, ...TO_FRESH },
  ...smallFileWorks(),
  {
    name: "push again, 1,000 layers",
    contenders: pushAgain(),
    content: "layers",
    ...HTTP,
    ...onceMore(),
  },
  ...hugeWorks(),
  { name: "list", contenders: LIST, ...LARGE, leaves: "nothing", runs: 11 },
  { name: "start", contenders: VERSION, ...LARGE, leaves: "nothing", runs: 11 },
  { name: "hash", contenders: HASH, content: "one", leaves: "nothing" },
];

/** The works with 10,000 files of 1 KiB, ours beside the one peer that makes the same of them. */
function smallFileWorks(): Work[] {
  const MANY = { content: "many", ...TO_FRESH } as const;
  const pair = (all: readonly Contender[]) =>
    all.filter(({ tools }) => tools.every((tool) => tool === "modctl"));
  return [
    { name: "build 10,000 small files", contenders: pair(BUILD), ...MANY, ...NEW_FILES },
    {
      name: "push 10,000 small files",
      contenders: pair(PUSH),
      ...MANY,
      ...HTTP,
      ...TO_REGISTRY,
    },
    { name: "pull 10,000 small files", contenders: pair(PULL), ...MANY, ...HTTP },
    { name: "extract 10,000 small files", contenders: pair(EXTRACT), ...MANY },
  ];
}

/** What ours needs of memory with 8 GiB. */
function hugeWorks(): Work[] {
  const HUGE = { content: "huge", onlyNamed: true, ...TO_FRESH } as const;
  const ours = (all: readonly Contender[]) => all.slice(0, 1);
  return [
    { name: "8 GiB: build", contenders: ours(BUILD), ...HUGE, ...NEW_FILES },
    { name: "8 GiB: push", contenders: ours(PUSH), ...HUGE, ...HTTP, ...TO_REGISTRY },
    { name: "8 GiB: pull", contenders: ours(PULL), ...HUGE, ...HTTP },
    { name: "8 GiB: extract", contenders: ours(EXTRACT), ...HUGE },
  ];
}

/** Whoever can tell that everything is there already. */
function pushAgain(): Contender[] {
  return PUSH.filter(({ tools }) => !tools.includes("curl"));
}

function onceMore() {
  return { leaves: "nothing", remembers: true, runs: 7 } as const;
}

/**
 * The works whose name has the word; when it is empty, all that need not be named, or with `quick`
 * the main ones.
 */
export function chooseWorks(
  { only, quick }: { readonly only: string; readonly quick: boolean },
): Work[] {
  return WORKS.filter((work) =>
    work.name.includes(only) && (!quick || work.quick === true) &&
    (work.onlyNamed !== true || only !== "")
  );
}

/** Who takes part, and the programs that keep others from it. */
export interface Field {
  readonly present: readonly Contender[];
  readonly missing: readonly string[];
}

/** Splits contenders by whether the machine has their programs. */
export function chooseContenders(
  all: readonly Contender[],
  has: (tool: string) => boolean,
): Field {
  const present = all.filter(({ tools }) => tools.every(has));
  const missing = new Set(all.flatMap(({ tools }) => tools).filter((tool) => !has(tool)));
  return { present, missing: [...missing] };
}
