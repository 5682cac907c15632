import assert from "node:assert/strict";
import fc from "fast-check";
import { isInternalHost, mayPointTo } from "../../src/http/addresses.ts";

/** The host as every request sees it: the URL parser has normalised it. */
const hostOf = (host: string) => new URL(`http://${host}/`).hostname;

Deno.test("isInternalHost() knows private, link-local and unspecified addresses", () => {
  const inside = [
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
  ];
  const more = [
    "169.254.169.254",
    "[::]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "224.0.0.1",
  ];
  for (const host of [...inside, ...more, "localhost"]) assert(isInternalHost(hostOf(host)), host);
  for (const host of ["8.8.8.8", "172.32.0.1", "[2606:4700::1]", "[::ffff:8.8.8.8]", "a.test"]) {
    assert(!isInternalHost(hostOf(host)), host);
  }
});

Deno.test("isInternalHost() takes any text", () => {
  fc.assert(fc.property(fc.string(), (text) => typeof isInternalHost(text) === "boolean"));
});

Deno.test("mayPointTo() keeps outside servers from naming inside addresses", () => {
  const may = (from: string, to: string) => mayPointTo(new URL(from), new URL(to));
  assert(may("https://registry.test", "https://cdn.test"));
  assert(!may("https://registry.test", "https://10.0.0.1"));
  assert(may("https://10.0.0.2", "https://10.0.0.1"));
  assert(may("https://8.8.8.8", "https://8.8.8.8:444"));
});
