/**
 * What hubs, and whatever stands in front of them, may answer in place of what their API promises.
 */
import assert from "node:assert/strict";
import { InvalidInputError, ModelOpsError, TransferError } from "../../src/core/errors.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { downloadModel } from "../../src/hubs/download_model.ts";
import { huggingFace } from "../../src/hubs/huggingface.ts";
import type { HubModel, HubName } from "../../src/hubs/hub.ts";
import { tempFolder } from "../support/temp.ts";
import { movedClock } from "../support/moved_clock.ts";
import { commitOf, FAST } from "./support.ts";

const MODELS: Readonly<Record<HubName, HubModel>> = {
  huggingface: { hub: "huggingface", repository: "owner/name" },
  modelscope: { hub: "modelscope", repository: "owner/name" },
  mlflow: { hub: "mlflow", repository: "name" },
};

/** Lists a model on a hub that answers so, and downloads it; gives the error and the requests. */
async function ask(name: HubName, transport: Transport) {
  await using folder = await tempFolder();
  const urls: string[] = [];
  const counted: Transport = (request) => {
    urls.push(request.url);
    return transport(request);
  };
  const options = { hubUrl: "https://hub.test", transport: counted, retry: FAST };
  const error = await downloadModel(MODELS[name], folder.join("out"), options).then(
    () => undefined,
    (thrown) => thrown as Error,
  );
  const left = await Array.fromAsync(Deno.readDir(folder.path));
  return { error, urls, left };
}

/** Bytes without an end; counts the chunks that were taken. */
function endless(taken: { chunks: number }): ReadableStream<Uint8Array> {
  const chunk = new TextEncoder().encode("[1,2,3],".repeat(100_000));
  return new ReadableStream({
    pull(controller) {
      taken.chunks++;
      controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
}

const HTML = "<!doctype html><title>Log in</title>";
const ANSWERS: readonly (readonly [string, string, RegExp])[] = [
  ["a web page", HTML, /answered with a page, not valid JSON: "<!doctype html>/],
  ["nothing", "", /it answered with nothing/],
  ["white space", " \n", /it answered with nothing/],
  ["words", "Bad \u202egateway\u0007", /with text, not valid JSON: "Bad gateway"/],
  ["half a document", '{"a": [', /its answer: /],
  ["a document nested deep", "[".repeat(200_000), /nested more than 100 levels deep/],
  ["objects nested deep", '{"a":'.repeat(50_000), /nested more than 100 levels deep/],
  ["very many values", `[${"0,".repeat(1_200_000)}0]`, /more than 400000 values/],
  ["very many objects", `[${"{},".repeat(600_000)}{}]`, /more than 400000 values/],
  ["null", "null", /malformed/],
  ["a number", "7", /no JSON|malformed/],
  ["a text", '"x"', /no JSON|malformed/],
];

for (const name of Object.keys(MODELS) as HubName[]) {
  for (const [what, text, found] of ANSWERS) {
    Deno.test(`${name} that answers with ${what} is told so`, async () => {
      const { error, urls, left } = await ask(name, () => Promise.resolve(new Response(text)));
      assert(error instanceof InvalidInputError, String(error));
      assert.match(error.message, /^Cannot read "(owner\/)?name" from /);
      assert.match(error.message, found);
      assert.equal(urls.length, 1);
      assert.deepEqual(left, []);
    });
  }

  Deno.test(`${name} that answers without an end is not heard to it`, async () => {
    const taken = { chunks: 0 };
    const { error } = await ask(name, () => Promise.resolve(new Response(endless(taken))));
    assert(error instanceof TransferError, String(error));
    assert.match(error.message, /larger than 8388608 bytes/);
    assert(taken.chunks < 60, `${taken.chunks}`);
  });
}

const INFO = { sha: commitOf("main") };
const entry = (path: string) => ({ type: "file", path, size: 1, oid: commitOf(path) });

/** A hub whose pages are what a function makes of the count of those before. */
const paged = (page: (count: number, url: URL) => Response): Transport => {
  let count = 0;
  return ({ url }) =>
    Promise.resolve(
      url.includes("/tree/") || url.includes("/next")
        ? page(count++, new URL(url))
        : Response.json(INFO),
    );
};
const linked = (files: unknown[], link: string) =>
  Response.json(files, { headers: { Link: `<${link}>; rel="next"` } });

Deno.test("hubs are given up whose every document comes just in time", async () => {
  const page = paged((count) => linked([entry(`${count}`)], `/next?${count}`));
  const walk: Transport = ({ url }) => {
    const path = new URL(url).searchParams.get("path") ?? "";
    const answer = url.includes("mlflow-artifacts")
      ? { files: [{ path: `${path}/a`, is_dir: true }] }
      : { artifact_uri: "mlflow-artifacts:/x", model_versions: [{ version: "1" }] };
    return Promise.resolve(Response.json(answer));
  };
  for (const [name, transport] of [["huggingface", page], ["mlflow", walk]] as const) {
    using clock = movedClock();
    const { error, urls } = await ask(name, (request) => {
      clock.pass(119_000);
      return transport(request);
    });
    assert(error instanceof InvalidInputError, String(error));
    assert.match(error.message, /: only \d+ bytes came in \d+ s$/);
    // Three tries of two minutes.
    assert(urls.length <= 5, `${urls.length}`);
  }
});

const LISTS: readonly (readonly [string, Transport, RegExp, number])[] = [
  ["leads back to itself", paged((_, url) => linked([entry("a")], url.href)), /in circles/, 2],
  [
    "goes round over three pages",
    paged((count) => linked([entry(`${count}`)], `/next?${count % 3}`)),
    /in circles/,
    5,
  ],
  ["leads elsewhere", paged(() => linked([entry("a")], "https://evil.test/next")), /evil\.test/, 2],
  [
    "leads to plain HTTP",
    paged(() => linked([entry("a")], "http://hub.test/next")),
    /hub\.test/,
    2,
  ],
  [
    "goes on without files",
    paged((count) => linked([], `/next?${count}`)),
    /a page without any/,
    2,
  ],
  [
    "never ends",
    paged((count) => linked([entry(`${count}`)], `/next?${count}`)),
    /more than 300 documents/,
    300,
  ],
  [
    "is far too long",
    paged((count) => linked([entry("x".repeat(9_000_000))], `/next?${count}`)),
    /larger than \d+ bytes|more than \d+ bytes/,
    20,
  ],
  [
    "has too many files",
    paged((count) => linked(Array.from({ length: 30_000 }, () => entry("a")), `/next?${count}`)),
    /too many files/,
    6,
  ],
];

for (const [what, transport, found, most] of LISTS) {
  Deno.test(`a list that ${what} comes to an end`, async () => {
    const { error, urls, left } = await ask("huggingface", transport);
    assert(error instanceof ModelOpsError, String(error));
    assert.match(error.message, found);
    assert(urls.length <= most, `${urls.length} requests`);
    assert(!urls.some((url) => url.startsWith("https://evil.test")));
    assert.deepEqual(left, []);
  });
}

Deno.test("a hub that lists no file is told so, and one whose files are left out is not", async () => {
  const lists: readonly (readonly [unknown[], string[], RegExp])[] = [
    [[], [], /: the hub lists no file$/],
    [[], ["*.bin"], /: the hub lists no file$/],
    [[{ type: "directory", path: "d", oid: commitOf("d") }], [], /: the hub lists no file$/],
    [[entry("a.bin")], ["*.bin"], /: no file of it is wanted$/],
  ];
  for (const [files, exclude, message] of lists) {
    await using folder = await tempFolder();
    const options = { hubUrl: "https://hub.test", transport: paged(() => Response.json(files)) };
    const download = downloadModel(MODELS.huggingface, folder.path, { ...options, exclude });
    await assert.rejects(download, { name: "NotFoundError", message });
  }
});

/** A hub that has a list of so many pages of so many files, each page of at least `bytes`. */
const pagesOf = (pages: number, files: number, bytes = 0): Transport =>
  paged((count) => {
    const list = Array.from({ length: files }, (_, index) => entry(`${count}/${index}`));
    const text = JSON.stringify(list).padEnd(bytes);
    const link = `<https://hub.test/next?${count}>; rel="next"`;
    return new Response(text, count + 1 < pages ? { headers: { Link: link } } : {});
  });

const MIB = 1024 * 1024;

/** Lists at a bound, and over it: what is wrong is said of the latter only. */
const BOUNDS: readonly (readonly [string, Transport, RegExp | undefined])[] = [
  ["299 pages and what it says of the model", pagesOf(299, 1), undefined],
  ["300 pages", pagesOf(300, 1), /more than 300 documents/],
  ["5000 pages", pagesOf(5000, 1), /more than 300 documents/],
  ["50000 files", pagesOf(10, 5000), undefined],
  ["50001 files", pagesOf(3, 16_667), /too many files/],
  ["two pages of nearly 8 MiB", pagesOf(2, 1, 8 * MIB - 100), undefined],
  ["a page of more than 8 MiB", pagesOf(1, 1, 8 * MIB + 1), /larger than 8388608 bytes/],
  ["three pages of nearly 8 MiB", pagesOf(3, 1, 8 * MIB - 100), /larger than \d+ bytes/],
];

for (const [what, transport, found] of BOUNDS) {
  Deno.test(`a list of ${what} is ${found ? "refused" : "taken"}`, async () => {
    const options = { hubUrl: "https://hub.test", transport, retry: FAST };
    const listing = huggingFace.list(MODELS.huggingface, options);
    if (found) await assert.rejects(listing, found);
    else assert((await listing).files.length > 0);
  });
}

/** An MLflow server whose folders are what a function makes of their path. */
const folders = (list: (path: string) => unknown): Transport => ({ url }) => {
  const { pathname, searchParams } = new URL(url);
  if (pathname.endsWith("get-latest-versions")) {
    return Promise.resolve(Response.json({ model_versions: [{ version: "1" }] }));
  }
  if (pathname.endsWith("get-download-uri")) {
    return Promise.resolve(Response.json({ artifact_uri: "mlflow-artifacts:/root" }));
  }
  return Promise.resolve(Response.json(list(searchParams.get("path") ?? "")));
};

Deno.test("folders without an end come to one", async () => {
  const { error, urls } = await ask(
    "mlflow",
    folders(() => ({ files: [{ path: "d", is_dir: true }] })),
  );
  assert(error instanceof ModelOpsError, String(error));
  assert(urls.length <= 300, `${urls.length} requests`);
});

Deno.test("an address that a hub makes longer than any is a malformed answer, and not asked for", async () => {
  const { error, urls } = await ask("mlflow", (request) => {
    const { pathname } = new URL(request.url);
    if (!pathname.endsWith("get-latest-versions")) {
      const place = { artifact_uri: `mlflow-artifacts:/${"a".repeat(70_000)}` };
      return Promise.resolve(Response.json({ ...place, files: [] }));
    }
    return Promise.resolve(Response.json({ model_versions: [{ version: "1" }] }));
  });
  assert(error instanceof InvalidInputError, String(error));
  assert.match(error.message, /from MLflow: it leads to an address of 70\d+ characters$/);
  assert.equal(urls.length, 2);
});

Deno.test("a list of Databricks that goes on without more files comes to an end", async () => {
  const answers: readonly unknown[] = [
    { files: [], next_page_token: "t" },
    { files: [{ path: "a" }], next_page_token: "t" },
  ];
  for (const answer of answers) {
    const { error, urls } = await ask("mlflow", ({ url }) => {
      const { pathname } = new URL(url);
      if (pathname.endsWith("list-artifacts")) return Promise.resolve(Response.json(answer));
      return folders(() => ({}))(new Request(url)).then((response) =>
        pathname.endsWith("get-download-uri")
          ? Response.json({ artifact_uri: "dbfs:/x" })
          : response
      );
    });
    assert.match(String(error), /goes on without any more of them/);
    assert(urls.length < 6, `${urls.length} requests`);
  }
});

const NAMES: readonly (readonly [string, RegExp])[] = [
  ["a\ud800", /not valid Unicode/],
  ["\udc00/b", /not valid Unicode/],
  ["a\u0000b", /control character/],
  ["a\u009bb", /control character/],
  ["../evil", /leaves the target directory/],
];

for (const [path, found] of NAMES) {
  Deno.test(`a file that a hub calls ${JSON.stringify(path)} is refused by a typed error`, async () => {
    const list: Readonly<Record<HubName, Transport>> = {
      huggingface: paged(() => Response.json([entry(path)])),
      modelscope: () => Promise.resolve(Response.json({ Data: { Files: [{ Path: path }] } })),
      mlflow: folders(() => ({ files: [{ path }] })),
    };
    for (const name of Object.keys(list) as HubName[]) {
      // MLflow names files by their last part.
      if (name === "mlflow" && path.includes("/")) continue;
      const { error, left } = await ask(name, list[name]);
      assert(error instanceof InvalidInputError, String(error));
      assert.match(error.message + JSON.stringify(error.facts.problems ?? []), found);
      assert.deepEqual(left, []);
    }
  });
}

Deno.test("a name with direction marks is one, as it is", async () => {
  const path = "weights\u202etxt.bin";
  await using folder = await tempFolder();
  const list = paged(() => Response.json([{ type: "file", path, size: 1 }]));
  const { files } = await downloadModel(MODELS.huggingface, folder.path, {
    hubUrl: "https://hub.test",
    transport: (request) =>
      request.url.includes("/resolve/") ? Promise.resolve(new Response("x")) : list(request),
  });
  assert.deepEqual(files.map((file) => file.path), [path]);
});

for (const version of [{}, null, [], true, -1, 1.5, "", "../x", "1/2", "x".repeat(100_000)]) {
  const shown = JSON.stringify(version).slice(0, 20);
  Deno.test(`a version of MLflow that is ${shown} is none`, async () => {
    const { error, urls } = await ask(
      "mlflow",
      () => Promise.resolve(Response.json({ model_versions: [{ version }] })),
    );
    assert(error instanceof InvalidInputError, String(error));
    assert.match(error.message, /the answer on its versions is malformed/);
    assert.equal(urls.length, 1);
  });
}

/** Sizes that are none: the file comes whole, and nothing is said of a size that nobody told. */
for (const size of [-1, 1.5, 2 ** 53, 1e300, "many", "", null, [], true, {}]) {
  Deno.test(`a file whose size a hub calls ${JSON.stringify(size)} has an unknown one`, async () => {
    const list: Readonly<Partial<Record<HubName, Transport>>> = {
      huggingface: paged(() => Response.json([{ type: "file", path: "a", size }])),
      mlflow: folders(() => ({ files: [{ path: "a", file_size: size }] })),
    };
    for (const [name, listing] of Object.entries(list) as [HubName, Transport][]) {
      await using folder = await tempFolder();
      const { files } = await downloadModel(MODELS[name], folder.path, {
        hubUrl: "https://hub.test",
        transport: (request) =>
          /\/(resolve|root)\//.test(request.url)
            ? Promise.resolve(new Response("content"))
            : listing(request),
      });
      assert.deepEqual(files.map((file) => file.size), [7], name);
    }
  });
}
