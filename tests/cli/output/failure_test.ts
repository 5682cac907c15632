import assert from "node:assert/strict";
import { explainFault } from "../../../src/http/faults.ts";
import { problemsError } from "../../../src/core/problems.ts";
import {
  AccessDeniedError,
  ConflictError,
  IntegrityError,
  InvalidInputError,
  NotFoundError,
  RoleMismatchError,
  TransferError,
  UnsupportedError,
} from "../../../src/core/errors.ts";
import {
  describeFailure,
  failureDocument,
  renderFailure,
} from "../../../src/cli/output/failure.ts";

const world = { programName: "modelops" };

Deno.test("each kind of failure has its exit code", () => {
  const rows: [unknown, number, string][] = [
    [new NotFoundError("x"), 1, "not-found"],
    [new InvalidInputError("x"), 2, "invalid"],
    [new TransferError("x"), 3, "transfer"],
    [new TypeError("x"), 3, "unexpected"],
    ["thrown text", 3, "unexpected"],
    [Object.assign(new Error("no space"), { code: "ENOSPC" }), 3, "transfer"],
    [new AccessDeniedError("x"), 4, "denied"],
    [new IntegrityError("x"), 5, "integrity"],
    [new UnsupportedError("x"), 10, "unsupported"],
    [new RoleMismatchError("x"), 11, "role-mismatch"],
    [new ConflictError("x"), 12, "conflict"],
    [new DOMException("Interrupted", "AbortError"), 130, "interrupted"],
  ];
  for (const [error, code, kind] of rows) {
    const failure = describeFailure(error, world);
    assert.deepEqual([failure.code, failure.kind], [code, kind], String(error));
  }
});

Deno.test("hints are commands to paste, chosen from the facts", () => {
  const registry = "registry.test";
  const reference = "registry.test/demo:v1";
  const rows: [unknown, string | undefined][] = [
    [new AccessDeniedError("x", { registry, status: 401 }), "run `modelops login registry.test`"],
    [new AccessDeniedError("x", { registry, status: 403 }), "run `modelops login registry.test`"],
    [
      new AccessDeniedError("x", { registry, status: 401, remedy: "log in" }),
      "run `modelops login registry.test`",
    ],
    [new AccessDeniedError("x", { remedy: "ask for access" }), "ask for access"],
    [new NotFoundError("x", { reference }), undefined],
    [new InvalidInputError("x", { suggestions: ["MODEL"] }), 'did you mean "MODEL"?'],
    [
      new InvalidInputError("x", { suggestions: ["a", "b"], remedy: "y" }),
      'did you mean "a" or "b"?',
    ],
    [new InvalidInputError("x", { remedy: "write demo:latest" }), "write demo:latest"],
    [new IntegrityError("x"), undefined],
    [
      new AccessDeniedError("x", { registry, status: 401, setting: "modelscopeLogin" }),
      "set MODELSCOPE_SDK_TOKEN to an access token that may read the model",
    ],
    [
      new NotFoundError("x", { remedy: "check the name", setting: "usedRepository" }),
      "check the name, then look at REGISTRY_REPO",
    ],
  ];
  for (const [error, hint] of rows) assert.equal(describeFailure(error, world).hint, hint);
});

Deno.test("what the local store does not have is looked for in its list", () => {
  const reference = "registry.test/demo:v1";
  const hint = "run `modelops list` to see what the local store has";
  const inspect = `${hint}, or add \`--remote\` to ask the registry`;
  const rows = {
    extract: hint,
    push: hint,
    verify: hint,
    attach: hint,
    inspect,
    bundle: undefined,
  };
  for (const [command, expected] of Object.entries(rows)) {
    const error = new NotFoundError("x", { reference, isLocal: true });
    assert.equal(describeFailure(error, { ...world, command }).hint, expected, command);
  }
});

Deno.test("what a registry does not have is looked for in its lists", () => {
  const host = "run `modelops list registry.test` to see what is there";
  const digest = `sha256:${"a".repeat(64)}`;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["registry.test/demo:v1", `look at the name, or ${host}`],
    ["registry.test/a/b/demo:v1", `look at the name, or ${host}`],
    [
      "localhost:5000/demo:v1",
      "look at the name, or run `modelops list localhost:5000` to see what is there",
    ],
    [
      `registry.test/a/demo@${digest}`,
      "look at the name, or run `modelops list registry.test/a/demo` to see what is there",
    ],
    ["demo:v1", undefined],
    ["models/demo:v1", undefined],
  ];
  for (const [reference, hint] of rows) {
    const error = new NotFoundError("x", { reference, isLocal: false });
    assert.equal(describeFailure(error, { ...world, command: "pull" }).hint, hint);
    assert.equal(describeFailure(error, { ...world, command: "bundle" }).hint, undefined);
  }
});

Deno.test("a registry of this machine that cannot be reached may not be running", () => {
  const hint = "is a registry running there? start one with `modelops serve`";
  for (const registry of ["localhost:5000", "127.0.0.1:5000", "[::1]:5000", "reg.localhost"]) {
    const error = new TransferError("x", { registry, unanswered: true });
    assert.equal(describeFailure(error, world).hint, hint, registry);
  }
  const others = [
    new TransferError("x", { registry: "registry.test", unanswered: true }),
    // Something answered, and was cut, or is not understood.
    new TransferError("x", { registry: "localhost:5000" }),
    new TransferError("x", { registry: "localhost:5000", status: 500 }),
    new TransferError("x", { registry: "a b[" }),
    new TransferError("x"),
    new NotFoundError("x", { registry: "localhost:5000" }),
  ];
  for (const error of others) assert.equal(describeFailure(error, world).hint, undefined);
  const remedied = new TransferError("x", {
    registry: "localhost:5000",
    remedy: "add --plain-http",
  });
  assert.equal(describeFailure(remedied, world).hint, "add --plain-http");
  const error = new TransferError("x", { registry: "localhost:5000", unanswered: true });
  const asked = (...flags: string[]) =>
    describeFailure(error, { ...world, flags: new Set(flags) }).hint;
  assert.equal(asked("--plain-http", "--insecure"), hint);
  assert.equal(asked("--model-url"), undefined, "a command that asks no registry");
});

Deno.test("who names a proxy is asked about that one, others about those of the environment", () => {
  const { remedy } = explainFault(new Error("the proxy cannot be reached"));
  const error = new TransferError("x", { remedy });
  const flags = new Set(["--proxy"]);
  const hint = (...given: string[]) =>
    describeFailure(error, { ...world, flags, given: new Set(given) }).hint;
  assert.equal(hint("--proxy"), "look at --proxy");
  assert.equal(hint(), "look at HTTP_PROXY and HTTPS_PROXY, or name its host in NO_PROXY");
});

Deno.test("hints name the program as it was called", () => {
  const error = new AccessDeniedError("x", { registry: "registry.test", status: 401 });
  assert.equal(
    describeFailure(error, { programName: "modctl" }).hint,
    "run `modctl login registry.test`",
  );
  const init = "write one with `modelops bundle init .`";
  const look = "look at it with: modelops inspect --remote registry.test/modelops ws:v1";
  const rows: [string, string, string][] = [
    ["modelops", init, init],
    ["modctl", init, "write one with `modctl bundle init .`"],
    ["modelops-bundles", init, "write one with `modelops-bundles init .`"],
    ["modctl", look, "look at it with: modctl inspect --remote registry.test/modelops ws:v1"],
    ["modelops-bundles", "run `modelops login r.test`", "run `modelops-bundles login r.test`"],
    // It has no such command.
    ["modelops-bundles", look, look],
  ];
  for (const [programName, remedy, hint] of rows) {
    assert.equal(
      describeFailure(new InvalidInputError("x", { remedy }), { programName }).hint,
      hint,
    );
  }
});

Deno.test("hints look at the local store that the line names", () => {
  const missing = new NotFoundError("x", { isLocal: true });
  const remote = new InvalidInputError("x", { remedy: "run `modelops list registry.test`" });
  const rows = [
    [missing, "run `modelops --storage-dir 'my store' list` to see what the local store has"],
    [remote, "run `modelops list registry.test`"],
  ] as const;
  for (const [error, hint] of rows) {
    assert.equal(describeFailure(error, { ...world, storageDir: "my store" }).hint, hint);
  }
});

Deno.test("of several problems none is said twice, and alone the message says the first", () => {
  const error = problemsError('read "Modelfile"', [{ line: 1, message: "a" }, { message: "b" }]);
  const failure = describeFailure(error, world);
  assert.equal(
    renderFailure(failure),
    'error: Cannot read "Modelfile": 2 problems\n  b\n  line 1: a\n',
  );
  assert.equal(
    failureDocument(failure).error.message,
    'Cannot read "Modelfile": 2 problems, the first: b',
  );
});

Deno.test("the text is the message, the problems and the hint, a line each", () => {
  const error = new InvalidInputError('Cannot read "Modelfile": 2 problems', {
    problems: [
      { line: 3, message: 'unknown instruction "MODLE"', suggestion: "MODEL" },
      { message: "nothing to package" },
    ],
    remedy: "see the guide",
  });
  assert.equal(
    renderFailure(describeFailure(error, world)),
    'error: Cannot read "Modelfile": 2 problems\n' +
      '  line 3: unknown instruction "MODLE" (did you mean "MODEL"?)\n' +
      "  nothing to package\n" +
      "hint: see the guide\n",
  );
});

Deno.test("the only problem is not said twice, with a suggestion or without one", () => {
  const problems = [
    { line: 2, message: "NAME takes one argument, found 2", suggestion: 'NAME "a b"' },
    { line: 7, message: 'unknown instruction "MODLE"', suggestion: "MODEL" },
    { message: "it is empty" },
  ];
  for (const problem of problems) {
    const error = problemsError('accept "Modelfile"', [problem]);
    const shown = renderFailure(describeFailure(error, world));
    assert.equal(shown.split(problem.message).length, 2, shown);
  }
});

Deno.test("people are shown the first of very many problems, programs all of them", () => {
  const problems = Array.from({ length: 30_000 }, (_, index) => ({ message: `name ${index}` }));
  const failure = describeFailure(new InvalidInputError("Cannot download", { problems }), world);
  const lines = renderFailure(failure).trimEnd().split("\n");
  assert.equal(lines.length, 202);
  assert.equal(lines.at(-1), "  and 29800 more; --json lists them all");
  assert.equal(failureDocument(failure).error.problems?.length, 30_000);
});

Deno.test("what a server says cannot steer the terminal", () => {
  const error = new TransferError("Cannot push: \u001b[2J\u009bHello\nerror: fake\u202e", {
    remedy: "\u0007",
  });
  assert.equal(
    renderFailure(describeFailure(error, world)),
    "error: Cannot push: \\u001b[2J\\u009bHello\\u000aerror: fake\\u202e\nhint: \\u0007\n",
  );
});

Deno.test("an unexpected failure says that it is one", () => {
  assert.equal(
    renderFailure(describeFailure(new TypeError("x is undefined"), world)),
    "error: This is a fault of modelops: TypeError: x is undefined\n" +
      "hint: report this line with your version, the command and what it prints with " +
      "`--log-level debug`\n",
  );
});

Deno.test("an interruption is a word, whatever the reason of the signal", () => {
  const reason = new Error("stop");
  const failure = describeFailure(reason, { ...world, signal: AbortSignal.abort(reason) });
  assert.equal(failure.code, 130);
  assert.equal(renderFailure(failure), "Interrupted\n");
});

Deno.test("the document of a failure has code, kind, message and hint", () => {
  const error = new InvalidInputError("Cannot", { problems: [{ line: 1, message: "no" }] });
  assert.deepEqual(failureDocument(describeFailure(error, world)), {
    error: {
      code: 2,
      kind: "invalid",
      message: "Cannot",
      problems: [{ line: 1, message: "no" }],
      hint: undefined,
    },
  });
});

Deno.test("of a remedy's alternatives those are left out that the command has no flag for", () => {
  const error = new TransferError("x", {
    remedy: "add --ca-file with the authority of the registry, or --insecure to skip the check",
  });
  const generate = new Set(["--ca-file", "--json"]);
  assert.equal(
    describeFailure(error, { ...world, flags: generate }).hint,
    "add --ca-file with the authority of the registry",
  );
  const both = describeFailure(error, { ...world, flags: new Set([...generate, "--insecure"]) });
  assert.equal(both.hint, error.facts.remedy);
  assert.equal(describeFailure(error, world).hint, error.facts.remedy);
  const plain = new TransferError("x", { remedy: "add --plain-http if that is meant" });
  assert.equal(describeFailure(plain, { ...world, flags: generate }).hint, undefined);
  const other = new TransferError("x", { remedy: "write the archive without --sparse" });
  assert.equal(describeFailure(other, { ...world, flags: generate }).hint, other.facts.remedy);
});

Deno.test("who has set a switch is not told to set it", () => {
  const hint = (remedy: string, ...given: string[]) =>
    describeFailure(new TransferError("x", { remedy }), { ...world, given: new Set(given) }).hint;
  const old = "let the server have a new one, or add --insecure to skip the check";
  assert.equal(hint(old, "--json"), old);
  assert.equal(hint(old, "--insecure"), "let the server have a new one");
  assert.equal(hint("add --plain-http if that is meant", "--plain-http"), undefined);
  const authority = "add --ca-file with the authority of the registry";
  assert.equal(hint(authority, "--ca-file"), authority, "another file may help");
});

Deno.test("what is suggested can be pasted: it has no escapes", () => {
  const near = (suggestion: string) =>
    renderFailure(describeFailure(
      new InvalidInputError("x", { problems: [{ line: 1, message: "bad", suggestion }] }),
      world,
    ));
  assert.match(near("MODEL"), /\(did you mean "MODEL"\?\)/);
  assert.match(near('ARCH "a b"'), /\(did you mean `ARCH "a b"`\?\)/);
  assert.match(near("MODEL a\\*"), /\(did you mean `MODEL a\\\*`\?\)/);
  const words = new InvalidInputError("x", { suggestions: ['a"b', "c"] });
  assert.equal(describeFailure(words, world).hint, 'did you mean `a"b` or "c"?');
});
