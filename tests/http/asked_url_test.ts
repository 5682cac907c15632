import assert from "node:assert/strict";
import { askedUrl } from "../../src/http/asked_url.ts";

Deno.test("askedUrl() is the URL of the request, however many were asked for", () => {
  const urls = Array.from(
    { length: 200 },
    (_, at) => `https://r${at % 7}.test:5000/v2/${at}?q=${at}`,
  );
  for (const url of [...urls, ...urls.toReversed()]) {
    assert.equal(askedUrl({ url }).href, new URL(url).href);
    assert.equal(askedUrl(new Request(url)), askedUrl({ url }), "it is parsed once");
  }
});
