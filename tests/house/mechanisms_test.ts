import assert from "node:assert/strict";
import { repositoryRoot } from "./repository.ts";
import { productFiles } from "./source_graph.ts";

/**
 * A thing that the product does in one way, the words that give another way away, and who may say
 * them.
 */
interface Mechanism {
  readonly what: string;
  readonly words: RegExp;
  readonly files: readonly string[];
}

const MECHANISMS: readonly Mechanism[] = [
  {
    what: "waits and time limits",
    words: /\b(setTimeout|setInterval)\b|node:timers|AbortSignal\.timeout/,
    files: [
      // The server of profiles: how long to measure, and how long to wait for who reads.
      "src/cli/profiling/server.ts",
      // The wait between two tries.
      "src/core/retry.ts",
      "src/core/runtime/builtins.ts",
      // What a server looks after now and then.
      "src/server/schedule.ts",
      // The timers of time limits, and of turns.
      "src/core/runtime/timers.ts",
      // Lets the other work of a thread go on.
      "src/work/task.ts",
      // Looks how far a task is.
      "src/work/telling.ts",
    ],
  },
  {
    what: "the words of the validator",
    words: /\.issues\b|\bZodError\b|\bprettifyError\b/,
    files: ["src/core/shapes/shape.ts"],
  },
  {
    what: "collecting garbage",
    words: /expose-gc|\bgc\(/,
    files: ["src/core/runtime/garbage.ts"],
  },
  {
    what: "the retry loop",
    words: /\b(backoff|pause)\(/,
    files: [
      // Looks again whether a lock is free: the system does not tell.
      "src/core/file_lock.ts",
      "src/core/retry.ts",
      // Until bytes may move.
      "src/http/limited.ts",
      "src/model/facts/served_reads.ts",
      // Waits for a file descriptor to become free.
      "src/server/http1/server.ts",
      // Counts losses by the bytes that the registry has kept, so it asks for the waits itself.
      "src/registry/upload_progress.ts",
    ],
  },
  {
    what: "which statuses are tried again",
    words: /\bisRetriedStatus\(|\b408, 429\b/,
    files: [
      "src/core/retry.ts",
      "src/http/retrying.ts",
      "src/objects/azure_errors.ts",
      "src/registry/upload.ts",
    ],
  },
  {
    what: "the limit of the rate",
    words: /\breserve\(|Atomics\.compareExchange/,
    files: ["src/core/rate_limit.ts", "src/http/limited.ts"],
  },
  {
    what: "the redirect follower",
    words: /redirect: "|\bLocation"\)|\b301, /,
    files: [
      // Lets no redirect happen inside the SDK.
      "src/objects/azure_client.ts",
      "src/http/redirects.ts",
      "src/http/fetch_sender.ts",
      // Whether a server sends who comes without TLS away to it.
      "src/registry/endpoint.ts",
      // The address of an upload, which is no redirect.
      "src/registry/upload_session.ts",
    ],
  },
  {
    what: "the check of private addresses",
    words: /\bisInternalHost\(|\ballowedLookup\(|\ballowedAddresses\(/,
    files: [
      "src/http/addresses.ts",
      // Connections are made with the addresses that were checked.
      "src/http/socket/dial.ts",
      "src/http/socket/node_dial.ts",
      "src/http/private_guard.ts",
      "src/http/transport.ts",
    ],
  },
  {
    what: "the way to the network",
    words:
      /\bfetch\((?!target|options|files|count)|createHttpClient\(|Deno\.(connect|startTls)|\bnode(Net|Tls)\(\)\.connect\(/,
    files: [
      "src/http/fetch_sender.ts",
      "src/http/socket/dial.ts",
      "src/http/socket/node_dial.ts",
    ],
  },
  {
    what: "the tunnel through a proxy",
    words: /CONNECT /,
    files: ["src/http/socket/request_head.ts"],
  },
  {
    what: "the time that something may take in all",
    words: /\btooLittle\(/,
    files: [
      "src/core/waiting/earned_time.ts",
      // A document, the listing of a hub, the pages of a registry, a content.
      "src/http/bodies.ts",
      "src/hubs/read_budget.ts",
      "src/registry/pagination.ts",
      "src/transfer/patience.ts",
    ],
  },
  {
    what: "the choice among the ways to the network",
    words: /\bbytesToFile \?\?/,
    files: [
      "src/http/ways.ts",
      // Which thread has the exchange.
      "src/work/remote_body.ts",
    ],
  },
  {
    what: "what the resuming reader asks with",
    words: /\bRange: `|\.blob\.download\(/,
    files: ["src/hubs/file_source.ts", "src/objects/azure_read.ts", "src/registry/download.ts"],
  },
  {
    what: "the resuming reader",
    words: /\bopenResuming\(/,
    files: [
      "src/hubs/file_source.ts",
      "src/objects/azure_read.ts",
      "src/registry/download.ts",
      "src/transfer/resuming_reader.ts",
    ],
  },
  {
    what: "files that appear whole, are written in parts, or are made where no link may lead",
    words: /\bcreateNew: true/,
    files: ["src/core/files.ts", "src/core/staged_file.ts", "src/transfer/partial_file.ts"],
  },
  {
    what: "the partial file and its journal",
    words: /\.journal\b/,
    files: [
      "src/hubs/download_plan.ts",
      "src/hubs/file_download.ts",
      "src/transfer/partial_file.ts",
    ],
  },
  {
    what: "locks on files",
    words: /\btryLock\(/,
    files: ["src/core/file_lock.ts", "src/oci/disk_ingest.ts", "src/transfer/partial_file.ts"],
  },
  {
    what: "documents that are read whole, which may be no pipe and have a limit",
    words: /Deno\.readTextFile\(|Deno\.readFile\(/,
    files: [
      // A journal of our own.
      "src/transfer/partial_file.ts",
    ],
  },
  {
    what: "paths, for which the runtime would start its Node layer",
    words: /"node:path/,
    files: ["src/core/runtime/path.ts"],
  },
  {
    what: "the matcher of patterns",
    words: /\bcompileWildcards\(|picomatch/,
    files: [
      "src/bundle/spec/path_pattern.ts",
      "src/core/glob.ts",
      "src/core/ignore_rules.ts",
      "src/core/wildcards.ts",
    ],
  },
  {
    what: "variables of the environment that the library's settings come from",
    words:
      /\b(AZURE_STORAGE_|REGISTRY_REPO\b|OBJECT_STORE\b|HF_[A-Z]|MLFLOW_|MODELSCOPE_|DATABRICKS_)/,
    files: [
      // The help of the flag says what it stands in for.
      "src/cli/options.ts",
      "src/cli/settings/hubs.ts",
      "src/cli/settings/remedies.ts",
      // The settings of bundles as their guide gives them.
      "src/library/bundle_settings.ts",
      "src/library/variables.ts",
    ],
  },
  {
    what: "what progress says",
    words: /\bprogress\?\.\(/,
    files: ["src/core/progress.ts"],
  },
];

/** A text without its comments, in which words may stand that the code may not say. */
function codeOf(text: string): string {
  return text.replaceAll(/\/\*\*?(?:(?!\*\/)[^])*\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

const texts = new Map<string, string>();
for (const file of await productFiles()) {
  // What stands for the runtime on Node is a way to things, as the runtime itself is.
  if (file.startsWith("src/platform/")) continue;
  texts.set(file, codeOf(await Deno.readTextFile(new URL(file, repositoryRoot))));
}

for (const { what, words, files } of MECHANISMS) {
  Deno.test(`there is one place for ${what}`, () => {
    const found = [...texts].filter(([, text]) => words.test(text)).map(([file]) => file);
    assert.deepEqual(found.sort(), [...files].sort());
  });
}

Deno.test("each mechanism has the one file that defines it", () => {
  const definitions = {
    "src/core/retry.ts": /^export async function retried</m,
    "src/core/waiting/time_limit.ts": /^export class StallWatch /m,
    "src/core/rate_limit.ts": /^export function reserve\(/m,
    "src/http/redirects.ts": /^export function redirecting\(/m,
    "src/http/retrying.ts": /^export function retrying\(/m,
    "src/transfer/partial_file.ts": /^export class PartialFile /m,
    "src/transfer/resuming_reader.ts": /^export async function openResuming\(/m,
    "src/transfer/to_file.ts": /^export async function transferToFile\(/m,
    "src/core/progress.ts": /^export async function reported</m,
    "src/core/staged_file.ts": /^export class StagedFile /m,
  };
  for (const [file, definition] of Object.entries(definitions)) {
    const found = [...texts].filter(([, text]) => definition.test(text)).map(([name]) => name);
    assert.deepEqual(found, [file]);
  }
});

Deno.test("the rule finds a second way in code, and not in a comment", () => {
  const finds = (text: string) => MECHANISMS.filter(({ words }) => words.test(codeOf(text))).length;
  for (
    const text of [
      "setTimeout(stop, 100);",
      'import { setTimeout as delay } from "node:timers/promises";',
      "await pause(backoff(failures));",
      'const target = response.headers.get("Location");',
      "const headers = { Range: `bytes=${position}-` };",
      "using file = await Deno.open(path, { createNew: true });",
      "options.progress?.({ id, state });",
      "await fetch(request);",
    ]
  ) {
    assert.equal(finds(text), 1, text);
    assert.equal(finds(`/** Says ${text} */\n  // ${text}\n`), 0, text);
  }
});
