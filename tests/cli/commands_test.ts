import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import type { Digest } from "../../src/core/digest.ts";
import type { BuildOptions, ModelBackend, PullOptions } from "../../src/model/operations.ts";
import { tempFolder } from "../support/temp.ts";
import { type Call, runIn, type WorldOptions } from "./support.ts";

const digest: Digest = `sha256:${"a".repeat(64)}`;
const transfer = { reference: "r.test/m:v1", digest, copied: 3, skipped: 1, bytes: 2048 };

/** A backend that keeps its calls, without signal, progress and log. */
function recordingBackend(calls: Call[]): Partial<ModelBackend> {
  const keep = (name: string, ...args: unknown[]) => {
    calls.push([name, ...args.map((arg) => typeof arg === "object" ? facts(arg) : arg)]);
  };
  return {
    build: async (workspace, options) => {
      keep("build", workspace, options);
      return { references: options.targets, digest, size: 2048, layers: [], warnings: ["one"] };
    },
    push: async (target, options) => {
      keep("push", target, options);
      return transfer;
    },
    pull: async (target, options) => {
      keep("pull", target, options);
      return transfer;
    },
    extract: async (target, options) => {
      keep("extract", target, options);
      return { output: options.output, written: 2, unchanged: 0, bytes: 10 };
    },
    attach: async (file, options) => {
      keep("attach", file, options);
      return { reference: options.target, digest };
    },
    upload: async (file, options) => {
      keep("upload", file, options);
      const layer = { path: file, mediaType: "m", digest, size: 1 };
      return { repository: options.repository, layer } as never;
    },
    fetch: async (target, options) => {
      keep("fetch", target, options);
      const counts = { output: options.output, written: 1, unchanged: 0, bytes: 1 };
      return { ...counts, reference: target, digest, matched: ["a"] };
    },
    list: async () => ({
      models: [{ repository: "r.test/m", tag: "v1", digest, size: 1024 }],
      warnings: ["Cannot read r.test/broken:v1"],
    }),
    inspect: async (target, options) => {
      keep("inspect", target, options);
      return {
        digest,
        configDigest: digest,
        config: { descriptor: { name: "<m>", createdAt: "2026-01-02T03:04:05.678Z" }, config: {} },
        layers: [{ mediaType: "m", digest, size: 1, path: "a" }],
      } as never;
    },
    tag: async (source, target, options) => keep("tag", source, target, options),
    remove: async (target) => ({ removed: target }),
    prune: async (options) => {
      keep("prune", options);
      return {
        dryRun: options?.dryRun ?? false,
        manifests: [`r.test/m@${digest}`],
        blobs: [{ digest, size: 1024 }],
        uploads: 0,
        bytes: 1024,
      };
    },
  };
}

/** What is given of an options object, less what every operation gets. */
function facts(options: unknown): Record<string, unknown> {
  const common = ["signal", "progress", "log"];
  return Object.fromEntries(
    Object.entries(options ?? {})
      .filter(([key, value]) => value !== undefined && !common.includes(key)),
  );
}

async function runWithCalls(args: string[], options: WorldOptions = {}) {
  const calls: Call[] = [];
  const finished = await runIn(args, { ...options, backend: recordingBackend(calls) });
  return { ...finished, calls };
}

const BUILD_DEFAULTS = {
  targets: ["r.test/m:v1"],
  modelfile: "Modelfile",
  raw: true,
  compression: "none",
  mediaTypes: "cncf",
  noCreationTime: false,
  concurrency: 5,
};

Deno.test("build passes its defaults", async () => {
  const { calls, code, stdout, stderr } = await runWithCalls(["build", "-t", "r.test/m:v1", "."]);
  assert.deepEqual(calls, [["build", ".", BUILD_DEFAULTS]]);
  assert.equal(code, 0);
  assert.equal(stdout, "Successfully built model artifact: r.test/m:v1\n");
  assert.equal(stderr, `warning: one\n${digest}, 0 layers, 2.0 KiB\n`);
});

Deno.test("flags of build may stand anywhere, in either form, and repeat", async () => {
  const rows: [string[], Partial<Record<keyof BuildOptions, unknown>>][] = [
    [["--raw=false"], { raw: false }],
    [["--raw=true"], { raw: true }],
    [["--raw", "--raw=false"], { raw: false }],
    [["--raw=false", "--raw"], { raw: true }],
    [["--output-remote"], { outputRemote: true }],
    [["--output-remote=false"], { outputRemote: false }],
    [["--no-creation-time"], { noCreationTime: true }],
    [["--no-creation-time=false"], { noCreationTime: false }],
    [["--reasoning=TRUE", "--follow-links"], { reasoning: true, followLinks: true }],
    [["-t", "r.test/m:v2"], { targets: ["r.test/m:v1", "r.test/m:v2"] }],
    [["--target=r.test/m:v2"], { targets: ["r.test/m:v1", "r.test/m:v2"] }],
    [["-f", "Modelfile.dev"], { modelfile: "Modelfile.dev" }],
    [["-c", "9"], { concurrency: 9 }],
    [["-c9"], { concurrency: 9 }],
    [["--annotation", "a=1=2:3", "--annotation=b="], { annotations: { a: "1=2:3", b: "" } }],
    [
      ["--platform", "linux/amd64,linux/arm64", "--platform=darwin/arm64"],
      { platforms: ["linux/amd64", "linux/arm64", "darwin/arm64"] },
    ],
    [["--exclude", "*.tmp", "--exclude", "a,b"], { exclude: ["*.tmp", "a,b"] }],
    [["--compression", "zstd", "--media-types=cnai"], { compression: "zstd", mediaTypes: "cnai" }],
    [["--source-url", "u", "--source-revision", "r"], { sourceUrl: "u", sourceRevision: "r" }],
    [["--plain-http", "--insecure"], { plainHttp: true, insecure: true }],
    [["--no-progress", "--log-level", "warn"], {}],
  ];
  for (const [flags, expected] of rows) {
    for (
      const args of [
        ["build", "-t", "r.test/m:v1", ...flags, "."],
        ["build", "-t", "r.test/m:v1", ".", ...flags],
      ]
    ) {
      const { calls, stderr } = await runWithCalls(args);
      assert.deepEqual(calls, [["build", ".", { ...BUILD_DEFAULTS, ...expected }]], stderr);
    }
  }
});

Deno.test("a switch never takes the next word", async () => {
  const { calls } = await runWithCalls(["build", "-t", "r.test/m:v1", "--raw", "false"]);
  assert.deepEqual(calls, [["build", "false", BUILD_DEFAULTS]]);
});

Deno.test("what follows a flag that takes a value is that value, whatever it looks like", async () => {
  const { calls } = await runWithCalls([
    "build",
    "-t",
    "r.test/m:v1",
    "--source-url",
    "--raw=false",
    ".",
  ]);
  assert.deepEqual(calls, [["build", ".", { ...BUILD_DEFAULTS, sourceUrl: "--raw=false" }]]);
});

Deno.test("global flags may stand before the command and after it", async () => {
  for (const args of [["--json", "rm", "r.test/m:v1"], ["rm", "r.test/m:v1", "--json"]]) {
    const { stdout } = await runWithCalls(args);
    assert.deepEqual(JSON.parse(stdout), { removed: "r.test/m:v1" });
  }
});

Deno.test("words after -- are no flags", async () => {
  const { calls } = await runWithCalls(["build", "-t", "r.test/m:v1", "--", "--raw=false"]);
  assert.deepEqual(calls, [["build", "--raw=false", BUILD_DEFAULTS]]);
});

Deno.test("build reads SOURCE_DATE_EPOCH, and other commands do not mind it", async () => {
  const args = ["build", "-t", "r.test/m:v1", "."];
  const good = await runWithCalls(args, { env: { SOURCE_DATE_EPOCH: "12" } });
  assert.deepEqual(good.calls, [["build", ".", { ...BUILD_DEFAULTS, sourceDateEpoch: 12 }]]);
  const bad = await runWithCalls(args, { env: { SOURCE_DATE_EPOCH: "today" } });
  assert.equal(bad.code, 2);
  const other = await runWithCalls(["list"], { env: { SOURCE_DATE_EPOCH: "today" } });
  assert.equal(other.code, 0);
});

const ATTACH_DEFAULTS = { raw: true, noCreationTime: false, concurrency: 5 };

Deno.test("every command says what it did", async () => {
  const rows: [string[], Call[], string][] = [
    [
      ["push", "r.test/m:v1", "--insecure"],
      [["push", "r.test/m:v1", { concurrency: 5, insecure: true }]],
      "Successfully pushed model artifact: r.test/m:v1\n",
    ],
    [
      ["pull", "r.test/m:v1", "--extract-dir", "out", "--proxy", "http://p.test"],
      [["pull", "r.test/m:v1", { concurrency: 5, extractDir: "out", proxy: "http://p.test" }]],
      "Successfully pulled model artifact: r.test/m:v1\n",
    ],
    [
      ["extract", "r.test/m:v1", "--output", "out"],
      [["extract", "r.test/m:v1", { output: "out", concurrency: 5 }]],
      "Successfully extracted model artifact r.test/m:v1 to out\n",
    ],
    [
      ["tag", "r.test/m:v1", "r.test/m:v2", "--plain-http"],
      [["tag", "r.test/m:v1", "r.test/m:v2", { plainHttp: true }]],
      "",
    ],
    [["rm", "r.test/m:v1"], [], "Deleted: r.test/m:v1\n"],
    [
      ["prune", "--dry-run", "--remove-untagged=false"],
      [["prune", { dryRun: true, removeUntagged: false }]],
      `Would delete manifest r.test/m@${digest}\nWould delete blob ${digest} (1.0 KiB)\n` +
      "Would free 1.0 KiB: 1 manifest, 1 blob, 0 unfinished uploads\n",
    ],
    [
      ["inspect", "r.test/m:v1", "--remote"],
      [["inspect", "r.test/m:v1", { remote: true }]],
      `{\n\t"Id": "${digest}",\n\t"Digest": "${digest}",\n\t"Architecture": "",\n` +
      '\t"CreatedAt": "2026-01-02T03:04:05Z",\n\t"Family": "",\n\t"Format": "",\n' +
      '\t"Name": "\\u003cm\\u003e",\n\t"ParamSize": "",\n\t"Precision": "",\n' +
      '\t"Quantization": "",\n\t"Layers": [\n\t\t{\n\t\t\t"MediaType": "m",\n' +
      `\t\t\t"Digest": "${digest}",\n\t\t\t"Size": 1,\n\t\t\t"Filepath": "a"\n\t\t}\n\t]\n}\n`,
    ],
    [
      ["inspect", "r.test/m:v1", "--config"],
      [["inspect", "r.test/m:v1", {}]],
      '{\n\t"descriptor": {\n\t\t"name": "\\u003cm\\u003e",\n' +
      '\t\t"createdAt": "2026-01-02T03:04:05.678Z"\n\t},\n\t"config": {}\n}\n',
    ],
    [
      ["attach", "LICENSE", "-s", "r.test/m:v1", "-t", "r.test/m:v2", "-d", "docs", "-f"],
      [["attach", "LICENSE", {
        ...ATTACH_DEFAULTS,
        source: "r.test/m:v1",
        target: "r.test/m:v2",
        destinationDir: "docs",
        force: true,
      }]],
      "Successfully attached model artifact: r.test/m:v2\n",
    ],
    [
      [
        "attach",
        "c.json",
        "--source=a:1",
        "--target=a:1",
        "--config",
        "--output-remote",
        "--raw=0",
      ],
      [["attach", "c.json", {
        ...ATTACH_DEFAULTS,
        source: "a:1",
        target: "a:1",
        config: true,
        outputRemote: true,
        raw: false,
      }]],
      "Successfully attached model artifact: a:1\n",
    ],
    [
      ["attach", "f", "-s", "a", "-t", "b", "--no-creation-time", "-c2", "--plain-http"],
      [["attach", "f", {
        ...ATTACH_DEFAULTS,
        source: "a",
        target: "b",
        noCreationTime: true,
        concurrency: 2,
        plainHttp: true,
      }]],
      "Successfully attached model artifact: b\n",
    ],
    [
      ["upload", "w.bin", "--repo", "r.test/m", "--destination-dir", "sub", "--insecure"],
      [["upload", "w.bin", {
        repository: "r.test/m",
        raw: true,
        destinationDir: "sub",
        insecure: true,
      }]],
      "Successfully uploaded w.bin to model artifact repository: r.test/m\n",
    ],
    [
      ["upload", "-t", "r.test/m:v1", "w.bin", "--raw=false"],
      [["upload", "w.bin", { repository: "r.test/m:v1", raw: false }]],
      "Successfully uploaded w.bin to model artifact repository: r.test/m:v1\n",
    ],
    [
      ["upload", "-t", "r.test/other:v1", "--repo", "r.test/m", "w.bin"],
      [["upload", "w.bin", { repository: "r.test/m", raw: true }]],
      "Successfully uploaded w.bin to model artifact repository: r.test/m\n",
    ],
    [
      ["fetch", "r.test/m:v1", "--output", "o", "--patterns", "*.json,a/{b,c}", "--patterns=d/**"],
      [["fetch", "r.test/m:v1", {
        output: "o",
        patterns: ["*.json", "a/{b,c}", "d/**"],
        concurrency: 5,
      }]],
      "Successfully fetched model artifact: r.test/m:v1\n",
    ],
    [
      ["inspect", "r.test/m:v1", "--format", "{{.Name}} {{.Config.descriptor.family}}."],
      [["inspect", "r.test/m:v1", {}]],
      "<m> .\n",
    ],
    [
      ["inspect", "r.test/m:v1", "--config", "--format", "{{.descriptor.name}}\\n"],
      [["inspect", "r.test/m:v1", {}]],
      "<m>\n",
    ],
    [
      ["version", "whatever"],
      [],
      "Version:    0.1.0\nCommit:     unknown\nPlatform:   linux/amd64\nBuildTime:  unknown\n",
    ],
    [["--version", "--json"], [], "0.1.0\n"],
  ];
  for (const [args, expected, text] of rows) {
    const { calls, stdout, stderr, code } = await runWithCalls(args);
    assert.deepEqual([code, stdout, calls], [0, text, expected], `${args}: ${stderr}`);
  }
});

Deno.test("--json gives the result as one document", async () => {
  const rows: [string[], unknown][] = [
    [["push", "r.test/m:v1"], transfer],
    [["tag", "r.test/a:v1", "r.test/b:v1"], { source: "r.test/a:v1", target: "r.test/b:v1" }],
    [["list"], {
      models: [{ repository: "r.test/m", tag: "v1", digest, size: 1024 }],
      warnings: ["Cannot read r.test/broken:v1"],
    }],
  ];
  for (const [args, document] of rows) {
    const { stdout } = await runWithCalls([...args, "--json"]);
    assert.deepEqual(JSON.parse(stdout), document);
  }
});

Deno.test("list and ls are one command, and an unreadable tag is a warning", async () => {
  for (const name of ["list", "ls"]) {
    const { stdout, stderr, code } = await runWithCalls([name]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^REPOSITORY .*\nr\.test\/m v1 sha256:a+ 1\.0KiB unknown r\.test\/m:v1\n$/,
    );
    assert.equal(stderr, "warning: Cannot read r.test/broken:v1\n");
  }
});

Deno.test("flags of earlier tools that mean nothing here are named and ignored", async () => {
  const push = await runWithCalls(["push", "r.test/m:v1", "--nydusify"]);
  assert.deepEqual(push.calls, [["push", "r.test/m:v1", { concurrency: 5 }]]);
  assert.equal(push.stderr, "note: --nydusify has no effect\n");
  const pull = await runWithCalls(["pull", "r.test/m:v1", "--dragonfly-endpoint", "/run/x.sock"]);
  assert.deepEqual(pull.calls, [["pull", "r.test/m:v1", { concurrency: 5 } as PullOptions]]);
  assert.equal(pull.stderr, "note: --dragonfly-endpoint has no effect\n");
});

Deno.test("mistakes on the command line end with code 2 and say what helps", async () => {
  const rows: [string[], string][] = [
    [
      ["biuld", "."],
      'Cannot run "modelops": unknown command "biuld"\nhint: did you mean "build"?',
    ],
    [
      ["modelfile", "genrate"],
      'Cannot run "modelops modelfile": unknown command "genrate"\nhint: did you mean "generate"?',
    ],
    [
      ["build", ".", "--tagret", "x"],
      'Cannot run "modelops build": required option "-t, --target <reference>" not specified\n' +
      "hint: run `modelops build --help`",
    ],
    [
      ["build", ".", "-t", "x", "--tagret", "x"],
      'Cannot run "modelops build": unknown option "--tagret"\nhint: did you mean "--target"?',
    ],
    [
      ["--jsn", "list"],
      'Cannot run "modelops": unknown option "--jsn"\nhint: did you mean "--json"?',
    ],
    [
      ["push"],
      'Cannot run "modelops push": missing required argument "target"\n' +
      "hint: run `modelops push --help`",
    ],
    [
      ["list", "x"],
      'Cannot run "modelops list": too many arguments for "list". Expected 0 arguments but got 1: x\n' +
      "hint: run `modelops list --help`",
    ],
    [
      ["extract", "x", "--output"],
      'Cannot run "modelops extract": option "--output <folder>" argument missing\n' +
      "hint: run `modelops extract --help`",
    ],
    [
      ["build", "-t", "x", ".", "--compression", "zip"],
      'Cannot run "modelops build": option "--compression <form>" argument "zip" is invalid. ' +
      "Allowed choices are none, gzip, zstd\nhint: run `modelops build --help`",
    ],
    [
      ["build", "-t", "x", ".", "--raw=maybe"],
      "Cannot use --raw=maybe: the flag takes true or false",
    ],
    [
      ["push", "x", "-c", "0"],
      'Cannot use count "0": it must be a whole number greater than 0',
    ],
    [
      ["build", "-t", "x", ".", "--annotation", "novalue"],
      'Cannot use annotation "novalue": it is not of the form key=value',
    ],
    [
      ["attach", "f", "-s", "a"],
      'Cannot run "modelops attach": required option "-t, --target <reference>" not specified\n' +
      "hint: run `modelops attach --help`",
    ],
    [
      ["attach", "-s", "a", "-t", "b"],
      'Cannot run "modelops attach": missing required argument "file"\n' +
      "hint: run `modelops attach --help`",
    ],
    [
      ["upload", "w.bin"],
      'Cannot upload "w.bin": no repository given\nhint: add `--repo registry.example.com/name`',
    ],
    [
      ["fetch", "r.test/m:v1", "--output", "o"],
      'Cannot run "modelops fetch": required option "--patterns <list>" not specified\n' +
      "hint: run `modelops fetch --help`",
    ],
    [
      ["fetch", "r.test/m:v1", "--output", "o", "--patterns", " , "],
      'Cannot use patterns " , ": there is none',
    ],
    [
      ["inspect", "r.test/m:v1", "--format", "{{.name}}"],
      'Cannot use template "{{.name}}": there is no field "name" at character 3\n' +
      'hint: did you mean ".Name"?',
    ],
    [
      ["inspect", "r.test/m:v1", "--format", "{{.Digest"],
      'Cannot use template "{{.Digest": there is no }} for the {{ at character 1',
    ],
    [
      ["modelfile", "generate", "-p", "hub", "--model-url", "a/b"],
      'Cannot run "modelops modelfile generate": option "-p, --provider <hub>" argument "hub" is ' +
      "invalid. Allowed choices are huggingface, modelscope, mlflow\n" +
      "hint: run `modelops modelfile generate --help`",
    ],
    [
      ["modelfile", "generate", "model", "--model-url", "a/b"],
      'Cannot generate a Modelfile for "model": a path and --model-url exclude each other\n' +
      "hint: leave one of them out",
    ],
    [
      ["completion", "tcsh"],
      'Cannot run "modelops completion": command-argument value "tcsh" is invalid for argument ' +
      '"shell". Allowed choices are bash, zsh, fish\nhint: run `modelops completion --help`',
    ],
    [
      ["pull", "r.test/m:v1", "--extract-from-remote"],
      'Cannot pull "r.test/m:v1": --extract-from-remote needs --extract-dir\n' +
      "hint: add `--extract-dir <folder>`",
    ],
  ];
  for (const [args, text] of rows) {
    const { code, stdout, stderr } = await runWithCalls(args);
    assert.deepEqual([code, stdout, stderr], [2, "", `error: ${text}\n`]);
  }
});

Deno.test("no arguments never crash the program", async () => {
  const word = fc.oneof(
    fc.constantFrom("build", "-t", "--raw", "--raw=", "--", "-", "help", "--json", "=", "--=x"),
    fc.string({ maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (args) => {
      const { code, stderr } = await runWithCalls(args, { services: {} });
      assert.ok(code === 0 || code === 2, `${code} ${stderr}`);
    }),
    { numRuns: 200 },
  );
});

Deno.test("a failure is rendered once, and as a document with --json", async () => {
  const backend = {
    push: async () => {
      throw new NotFoundError('Cannot push "r.test/m:v1": it is not in the local store', {
        reference: "r.test/m:v1",
      });
    },
  };
  const hint = "run `modctl list` to see what the local store has";
  const world = { backend, programName: "modctl" };
  assert.deepEqual(await runIn(["push", "r.test/m:v1"], world), {
    code: 1,
    stdout: "",
    stderr: `error: Cannot push "r.test/m:v1": it is not in the local store\nhint: ${hint}\n`,
  });
  const { code, stdout, stderr } = await runIn(["push", "r.test/m:v1", "--json"], world);
  assert.deepEqual([code, stderr], [1, ""]);
  assert.deepEqual(JSON.parse(stdout), {
    error: {
      code: 1,
      kind: "not-found",
      message: 'Cannot push "r.test/m:v1": it is not in the local store',
      hint,
    },
  });
});

Deno.test("a mistake in the arguments is a document too when --json is among them", async () => {
  const { code, stdout } = await runIn(["biuld", "--json"]);
  assert.equal(code, 2);
  assert.equal(JSON.parse(stdout).error.hint, 'did you mean "build"?');
});

Deno.test("the log level debug shows where a failure came from", async () => {
  const backend = {
    list: async () => {
      throw new TypeError("x is undefined");
    },
  };
  const quiet = await runIn(["list"], { backend });
  assert.doesNotMatch(quiet.stderr, / at /);
  const loud = await runIn(["list", "--log-level", "debug"], { backend });
  assert.equal(loud.code, 3);
  assert.match(loud.stderr, /TypeError: x is undefined\n +at /);
});

Deno.test("an interrupted command ends with code 130", async () => {
  const controller = new AbortController();
  const backend: Partial<ModelBackend> = {
    push: async (_target, options) => {
      controller.abort(new DOMException("Interrupted", "AbortError"));
      options?.signal?.throwIfAborted();
      return transfer;
    },
  };
  const finished = await runIn(["push", "r.test/m:v1"], { backend, signal: controller.signal });
  assert.deepEqual(finished, { code: 130, stdout: "", stderr: "Interrupted\n" });
});

Deno.test("modelfile generate writes the file, and replaces one only when told to", async () => {
  await using folder = await tempFolder();
  const requests: unknown[] = [];
  const services: WorldOptions["services"] = {
    generateModelfile: async (workspace, request) => {
      requests.push([workspace, request]);
      return { text: "NAME demo\n", warnings: ["config.json is not JSON"] };
    },
  };
  const args = ["modelfile", "generate", "model", "-n", "demo", "--exclude", "a", "--exclude", "b"];
  const world = { services, cwd: folder.path };
  const first = await runIn(args, world);
  assert.deepEqual(first, {
    code: 0,
    stdout: "Successfully generated modelfile:\nNAME demo\n",
    stderr: `Generating modelfile for ${folder.join("model")}\n` +
      "warning: config.json is not JSON\n",
  });
  assert.equal(await Deno.readTextFile(folder.join("Modelfile")), "NAME demo\n");
  assert.deepEqual(requests, [[folder.join("model"), {
    values: { name: "demo" },
    exclude: ["a", "b"],
    include: [],
    generatedAt: "2026-03-01T12:00:00.000Z",
  }]]);
  const second = await runIn(args, world);
  assert.equal(second.code, 12);
  assert.match(second.stderr, /: it exists\nhint: add `--overwrite` to replace it\n$/);
  assert.equal(requests.length, 1);
  assert.equal((await runIn([...args, "--overwrite"], world)).code, 0);
});

Deno.test("modelfile generate downloads a model first, and keeps it", async () => {
  await using folder = await tempFolder();
  const requests: unknown[] = [];
  const services: WorldOptions["services"] = {
    downloadModel: async (_settings, request) => {
      requests.push(request);
      return { folder: folder.join("hub", "demo"), downloaded: 3, present: 1 };
    },
    generateModelfile: async (workspace, request) => {
      requests.push([workspace, request.values]);
      return { text: "NAME demo\n", warnings: [] };
    },
  };
  const args = ["modelfile", "generate", "--model-url", "me/demo", "-p", "huggingface"];
  const flags = ["--download-dir", "hub", "--exclude", "*.bin", "--family", "llama"];
  const { code, stderr } = await runIn([...args, ...flags], { services, cwd: folder.path });
  assert.equal(
    stderr,
    `Downloaded 3 files to ${folder.join("hub", "demo")}, 1 already there\n` +
      `Generating modelfile for ${folder.join("hub", "demo")}\n`,
  );
  assert.equal(code, 0);
  const request = { url: "me/demo", provider: "huggingface", exclude: ["*.bin"] };
  assert.deepEqual(requests, [
    { ...request, parent: folder.join("hub") },
    [folder.join("hub", "demo"), { family: "llama" }],
  ]);
  // What is there already is found before anything is downloaded.
  assert.equal((await runIn(args, { services, cwd: folder.path })).code, 12);
  assert.equal(requests.length, 2);
});

Deno.test("modelfile validate says what a Modelfile brings, and passes on how to look", async () => {
  const requests: unknown[] = [];
  const services: WorldOptions["services"] = {
    checkModelfile: async (path, workspace, options) => {
      requests.push([path, workspace, facts(options)]);
      return { files: 2, bytes: 2048, warnings: ["a is empty"] };
    },
  };
  const found = await runIn(["modelfile", "validate", "model/Modelfile"], { services });
  assert.deepEqual(found, {
    code: 0,
    stdout: "model/Modelfile is valid: 2 files, 2.0 KiB\n",
    stderr: "warning: a is empty\n",
  });
  const flags = ["--workspace", "/w", "--exclude", "a", "--exclude=b,c", "--follow-links"];
  const json = await runIn(["modelfile", "validate", "--json", ...flags], { services });
  assert.deepEqual(JSON.parse(json.stdout), {
    path: "/work/here/Modelfile",
    valid: true,
    files: 2,
    bytes: 2048,
    warnings: ["a is empty"],
  });
  assert.deepEqual(requests, [
    ["/work/here/model/Modelfile", "/work/here/model", {}],
    ["/work/here/Modelfile", "/w", { exclude: ["a", "b,c"], followLinks: true }],
  ]);
});

Deno.test("modelfile validate shows every problem with its line, as text and as a document", async () => {
  const problems = [
    { line: 1, message: 'unknown instruction "MODLE"', suggestion: "MODEL" },
    { line: 3, message: "duplicate NAME" },
  ];
  const services: WorldOptions["services"] = {
    checkModelfile: async () => {
      throw new InvalidInputError('Cannot use "Modelfile": 2 problems', { problems });
    },
  };
  const text = await runIn(["modelfile", "validate"], { services });
  assert.deepEqual(text, {
    code: 2,
    stdout: "",
    stderr: 'error: Cannot use "Modelfile": 2 problems\n' +
      '  line 1: unknown instruction "MODLE" (did you mean "MODEL"?)\n' +
      "  line 3: duplicate NAME\n",
  });
  const json = await runIn(["modelfile", "validate", "--json"], { services });
  assert.deepEqual(JSON.parse(json.stdout).error.problems, problems);
});

Deno.test("serve says when it is ready, and ends when the server does", async () => {
  const requests: unknown[] = [];
  const services: WorldOptions["services"] = {
    serve: async (settings, request) => {
      requests.push([settings.storageDir, request]);
      return { address: "127.0.0.1:4321", finished: Promise.resolve() };
    },
  };
  const args = ["serve", "--address", "127.0.0.1:0", "--read-only", "--storage-dir", "/store"];
  assert.deepEqual(await runIn(args, { services }), {
    code: 0,
    stdout: "ready 127.0.0.1:4321\n",
    stderr: "Serving /store on http://127.0.0.1:4321\n",
  });
  assert.deepEqual(requests, [["/store", {
    address: "127.0.0.1:0",
    readOnly: true,
    htpasswd: undefined,
    allowAnonymous: false,
  }]]);
});
