import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError, TransferError } from "../../src/core/errors.ts";
import { nextPage } from "../../src/http/link_header.ts";
import { fail, fakeClient } from "../support/fake_registry.ts";
import { movedClock } from "../support/moved_clock.ts";

/** A client of a registry whose answers to tag lists come from a function of the URL. */
function setup(answer: (url: URL, count: number) => Response) {
  const seen: string[] = [];
  const logged: string[] = [];
  const client = fakeClient((request) => {
    seen.push(request.url);
    return Promise.resolve(answer(new URL(request.url), seen.length));
  }, { log: (level, message) => void logged.push(`${level}: ${message}`) });
  const list = async () => await Array.fromAsync(client.repository("registry.test/a").tags());
  return { list, seen, logged, client };
}

const page = (tags: unknown, link?: string) =>
  Response.json({ name: "a", tags }, link === undefined ? {} : { headers: { Link: link } });

Deno.test("tags() follows pages and sorts by bytes", async () => {
  const { list, seen } = setup((url) =>
    url.searchParams.has("last")
      ? page(["a", "B"])
      : page(["c", "a"], '</v2/a/tags/list?last=c&n=1000>; rel="next"')
  );
  assert.deepEqual(await list(), ["B", "a", "c"]);
  assert.deepEqual(seen, [
    "https://registry.test/v2/a/tags/list?n=1000",
    "https://registry.test/v2/a/tags/list?last=c&n=1000",
  ]);
});

Deno.test("tags() are none where there is no repository, or the list is null", async () => {
  assert.deepEqual(await setup(() => fail(404, "NAME_UNKNOWN")).list(), []);
  assert.deepEqual(await setup(() => page(null)).list(), []);
});

const LEFT_OUT: readonly (readonly [string, readonly unknown[], string])[] = [
  ["a name", ["ok", "a b"], '"a b"'],
  ["a number", [5, "ok"], "what is no text"],
  [
    "many names",
    ["\u001b[31m", "ok", "../x", "", 5, null, "a b", "x".repeat(129)],
    '7 names such as "\\u001b[31m"',
  ],
];
for (const [what, tags, told] of LEFT_OUT) {
  Deno.test(`tags() leaves out ${what} that is no tag, and says so`, async () => {
    const { list, logged } = setup(() => page(tags));
    assert.deepEqual(await list(), ["ok"]);
    assert.deepEqual(logged, [
      `warning: Left out of the tags of registry.test/a: ${told}, which no reference can have`,
    ]);
  });
}

Deno.test("tags() says nothing of names that it takes", async () => {
  const { list, logged } = setup(() => page(["ok", "ok", "v1"]));
  assert.deepEqual(await list(), ["ok", "v1"]);
  assert.deepEqual(logged.filter((line) => line.startsWith("warning")), []);
});

Deno.test("tags() refuses pages that go round in circles", async () => {
  const self = setup((url) => page(["a"], `<${url.href}>; rel="next"`));
  await assert.rejects(self.list(), /its pages go round in circles/);
  assert.equal(self.seen.length, 1);
  const two = setup((_, count) => page(["a"], `<?p=${count % 2}>; rel="next"`));
  await assert.rejects(two.list(), /its pages go round in circles/);
});

const names = (page: number, count: number) =>
  Array.from({ length: count }, (_, index) => `tag-${page}-${"x".repeat(40)}-${index}`);

for (
  const [what, tags, requests] of [
    ["hold nothing", () => [], 260],
    ["hold one tag each", (page: number) => [`v${page}`], 260],
    ["hold ten tags each", (page: number) => names(page, 10), 600],
    ["hold twenty tags each", (page: number) => names(page, 20), 10_000],
  ] as const
) {
  Deno.test(`tags() refuses pages without end that ${what}`, async () => {
    const { list, seen } = setup((_, count) => page(tags(count), `<?p=${count}>; rel="next"`));
    await assert.rejects(list(), /more than \d+ pages, of \d+ bytes in all$/);
    assert(seen.length <= requests, `${seen.length}`);
  });
}

Deno.test("tags() reads a long list of small pages whole", async () => {
  const { list } = setup((_, count) =>
    page(names(count, 30), count < 2000 ? `<?p=${count}>; rel="next"` : undefined)
  );
  assert.equal((await list()).length, 60_000);
});

/** What a page of a list that has no end holds. */
const SLOW_PAGES: Readonly<Record<string, (page: number) => readonly string[]>> = {
  "that hold nothing": () => [],
  "of one tag": (page) => [`v${page}`],
  "of twenty tags": (page) => names(page, 20),
};

for (const [what, tags] of Object.entries(SLOW_PAGES)) {
  Deno.test(`tags() gives up on pages ${what}, each of which comes just in time`, async () => {
    using clock = movedClock();
    const { list, seen } = setup((_, count) => {
      clock.pass(119_000);
      return page(tags(count), `<?p=${count}>; rel="next"`);
    });
    await assert.rejects(list(), /^TransferError: .*: only \d+ bytes came in \d+ s, in \d+ pages$/);
    assert.equal(seen.length, 6);
  });
}

Deno.test("tags() waits as long for many pages as for one of their size", async () => {
  using clock = movedClock();
  const { list } = setup((_, count) => {
    clock.pass(1000);
    return page(names(count, 30), count < 2000 ? `<?p=${count}>; rel="next"` : undefined);
  });
  assert.equal((await list()).length, 60_000);
});

Deno.test("tags() takes a last page that is late", async () => {
  using clock = movedClock();
  const { list } = setup(() => {
    clock.pass(3_600_000);
    return page(["a"]);
  });
  assert.deepEqual(await list(), ["a"]);
});

/** A page of one tag that has exactly so many bytes. */
function pageOf(bytes: number, link?: string): Response {
  const text = JSON.stringify({ tags: ["a"] });
  const headers = new Headers(link === undefined ? {} : { Link: link });
  return new Response(text + " ".repeat(bytes - text.length), { headers });
}

const MIB = 1024 * 1024;

Deno.test("tags() reads a page of 8 MiB, and no larger one", async () => {
  assert.deepEqual(await setup(() => pageOf(8 * MIB)).list(), ["a"]);
  for (const bytes of [8 * MIB + 1, 40 * MIB]) {
    await assert.rejects(setup(() => pageOf(bytes)).list(), /larger than 8388608 bytes/);
  }
});

Deno.test("tags() reads 16 MiB of pages, and no more", async () => {
  const eight = (count: number, pages: number, last: number) =>
    count < pages ? pageOf(8 * MIB, `<?p=${count}>; rel="next"`) : pageOf(last);
  assert.deepEqual(await setup((_, count) => eight(count, 2, 8 * MIB)).list(), ["a"]);
  for (const [pages, last] of [[3, 20], [40, 20]] as const) {
    const { list, seen } = setup((_, count) => eight(count, pages, last));
    await assert.rejects(list(), /more than 16777216 bytes/);
    assert.equal(seen.length, 3);
  }
});

Deno.test("tags() reads half a million names, however short, and no more", async () => {
  const many = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => (from + index).toString(36));
  const last = (count: number) => (_: URL, asked: number) =>
    asked === 1 ? page(many(499_000), '<?p=2>; rel="next"') : page(many(count, 499_000));
  assert.equal((await setup(last(1000)).list()).length, 500_000);
  await assert.rejects(setup(last(1001)).list(), /it has more than 500000 names$/);
});

for (
  const target of ["https://evil.test/", "http://registry.test/", "https://registry.test:444/"]
) {
  Deno.test(`tags() does not go to ${target} for the next page`, async () => {
    const { list, seen } = setup(() => page(["a"], `<${target}>; rel="next"`));
    await assert.rejects(list(), (error) => {
      assert(error instanceof TransferError);
      assert.match(error.message, /next page is on another server/);
      return true;
    });
    assert.equal(seen.length, 1);
  });
}

Deno.test("tags() reads no endless page", async () => {
  const endless = setup(() =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) }),
    )
  );
  await assert.rejects(endless.list(), /larger than 8388608 bytes/);
});

const NO_LISTS: readonly (readonly [string, string, RegExp])[] = [
  ["a page", "<html>Log in", /it holds a page, not valid JSON: "<html>Log in"$/],
  ["nothing", "", /it holds nothing$/],
  ["words", "Bad\u202e gateway", /it holds text, not valid JSON: "Bad gateway"$/],
  ["null", "null", /a page has no list "tags"$/],
  ["a list alone", '["v1"]', /a page has no list "tags"$/],
  ["an error", '{"errors":[{"code":"DENIED"}]}', /a page has no list "tags"$/],
  ["tags that are no list", '{"tags":"v1"}', /a page has no list "tags"$/],
];

for (const [what, body, reason] of NO_LISTS) {
  Deno.test(`tags() does not take ${what} for an empty list`, async () => {
    const { list } = setup(() => new Response(body));
    await assert.rejects(list(), (error: unknown) => {
      assert(error instanceof InvalidInputError);
      assert.match(error.message, /^Cannot read tags of registry\.test\/a: /);
      assert.match(error.message, reason);
      return true;
    });
  });
}

Deno.test("tags() fails when a later page is missing", async () => {
  const { list } = setup((url) =>
    url.searchParams.has("p") ? fail(404, "NAME_UNKNOWN") : page(["a"], '<?p=1>; rel="next"')
  );
  await assert.rejects(list(), /answered 404/);
});

Deno.test("a catalog lists repositories that can be named", async () => {
  const { client, seen } = setup(() =>
    Response.json({ repositories: ["b", "a/c", "Bad", "../x"] })
  );
  assert.deepEqual(await Array.fromAsync(client.catalog("registry.test").repositories()), [
    "a/c",
    "b",
  ]);
  assert.deepEqual(seen, ["https://registry.test/v2/_catalog?n=1000"]);
});

const LINKS: readonly (readonly [string | null, string | undefined])[] = [
  ['</x?n=1>; rel="next"', "https://r.test/x?n=1"],
  ["</x>; rel=next", "https://r.test/x"],
  ['</p>; rel="prev", </n>; title="a"; rel="last next"', "https://r.test/n"],
  ['</p>; rel="nexthop"', undefined],
  ['</p>; rel="prev"', undefined],
  ["</p>", undefined],
  ["", undefined],
  [null, undefined],
];

for (const [link, target] of LINKS) {
  Deno.test(`nextPage() of ${link} is ${target}`, () => {
    assert.equal(nextPage(link, new URL("https://r.test/v2/"))?.href, target);
  });
}

Deno.test("nextPage() takes any header", () => {
  const base = new URL("https://r.test/v2/");
  fc.assert(fc.property(fc.string(), (link) => {
    const url = nextPage(link, base);
    assert(url === undefined || url instanceof URL);
  }));
});

Deno.test("nextPage() takes little time for a header of any length", () => {
  const base = new URL("https://r.test/v2/");
  const long = (part: string) => part.repeat(1_000_000 / part.length);
  const starts = ["<", "<a>; rel =", ';rel="a ', "<a>;rel=next", ";  ", '<a>;rel="'];
  for (const part of starts) nextPage(long(part), base);
  assert.equal(
    nextPage(`<a>;rel=${" ".repeat(1_000_000)}"x", <b>; REL="prev NEXT"`, base)?.href,
    "https://r.test/v2/b",
  );
});
