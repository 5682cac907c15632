import assert from "node:assert/strict";
import fc from "fast-check";
import { ServerMetrics } from "../../src/server/metrics.ts";
import { parseMetrics } from "../support/prometheus.ts";

const answered = (method: string, status: number, milliseconds: number) => ({
  client: { address: "a", target: "/" },
  method,
  status,
  received: 10,
  sent: 100,
  milliseconds,
});

Deno.test("metrics count requests, bytes and times", () => {
  const metrics = new ServerMetrics();
  for (
    const each of [answered("GET", 200, 3), answered("GET", 200, 700_000), answered("PUT", 201, 60)]
  ) {
    metrics.count(each);
  }
  const samples = new Map(
    metrics.text().split("\n").filter((line) => line && !line.startsWith("#"))
      .map((line) => line.split(" ") as [string, string]),
  );
  const sample = (name: string) => Number(samples.get(`modelops_http_${name}`));
  assert.equal(sample('requests_total{method="GET",status="200"}'), 2);
  assert.equal(sample("received_bytes_total"), 30);
  assert.equal(sample("sent_bytes_total"), 300);
  const duration = "request_duration_seconds";
  assert.equal(sample(`${duration}_bucket{method="GET",le="0.005"}`), 1);
  assert.equal(sample(`${duration}_bucket{method="GET",le="600"}`), 1);
  assert.equal(sample(`${duration}_bucket{method="GET",le="+Inf"}`), 2);
  assert.equal(sample(`${duration}_count{method="PUT"}`), 1);
  assert.equal(sample(`${duration}_sum{method="PUT"}`), 0.06);
});

Deno.test("methods that clients make up share one series", () => {
  const metrics = new ServerMetrics();
  for (let index = 0; index < 100; index++) metrics.count(answered(`M${index}`, 405, 1));
  assert.match(metrics.text(), /requests_total\{method="other",status="405"\} 100/);
  assert.doesNotMatch(metrics.text(), /M1/);
});

Deno.test("whatever is counted, Prometheus can read it", () => {
  const method = fc.oneof(fc.constantFrom("GET", "PUT"), fc.string());
  const status = fc.integer({ min: 100, max: 599 });
  const time = fc.oneof(fc.double({ min: 0, max: 1e7, noNaN: true }), fc.constantFrom(5, 5.1, 0));
  const all = fc.array(fc.tuple(method, status, time), { maxLength: 30 });
  fc.assert(fc.property(all, (answers) => {
    const metrics = new ServerMetrics();
    for (const [method, status, time] of answers) metrics.count(answered(method, status, time));
    const families = parseMetrics(metrics.text());
    const total = (name: string, part = "") =>
      families.get(`modelops_http_${name}`)!.samples.filter(({ name }) => name.endsWith(part))
        .reduce((sum, { value }) => sum + value, 0);
    assert.equal(total("requests_total"), answers.length);
    assert.equal(total("request_duration_seconds", "_count"), answers.length);
  }));
});

Deno.test("every series has a type and a help", () => {
  const gauge = { name: "x", type: "gauge", help: "An x", samples: [["", 5]] } as const;
  const metrics = new ServerMetrics();
  metrics.count(answered("GET", 200, 1));
  const text = metrics.text([gauge]);
  assert.match(text, /# HELP x An x\n# TYPE x gauge\nx 5\n/);
  const names = text.split("\n").filter((line) => line && !line.startsWith("#"))
    .map((line) => line.replace(/(_bucket|_sum|_count)?(\{.*)? .*$/, ""));
  for (const name of new Set(names)) assert.match(text, new RegExp(`# TYPE ${name} `));
});
