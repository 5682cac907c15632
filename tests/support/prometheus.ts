/**
 * The text form of metrics, read as strictly as Prometheus and its `promtool check metrics` read
 * it.
 * See https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @module
 */
import assert from "node:assert/strict";

/** A sample by its name, and its labels by theirs. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics of one name. */
export interface Family {
  readonly type: string;
  readonly samples: readonly Sample[];
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/;

/** Reads metrics, and fails where Prometheus would, or its tool would warn. */
export function parseMetrics(text: string): Map<string, Family> {
  assert.ok(text.endsWith("\n"), "the last line has an end");
  const families = new Map<string, { type: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let help = "";
  let open: { name: string; type: string; samples: Sample[] } | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name = "", rest = ""] = HEAD.exec(line) ?? [];
    if (kind === "HELP") {
      help = name;
    } else if (kind === "TYPE") {
      assert.equal(name, help, "each type stands below its help");
      assert.match(rest, /^(counter|gauge|histogram)$/);
      assert.ok(!families.has(name), `${name} is in one piece`);
      assert.equal(name.endsWith("_total"), rest === "counter", name);
      open = { name, type: rest, samples: [] };
      families.set(name, open);
    } else if (line !== "") {
      assert.ok(!seen.has(line.replace(/ \S+$/, "")), `${line} is there once`);
      seen.add(line.replace(/ \S+$/, ""));
      const sample = parseSample(line);
      const suffix = open?.type === "histogram" ? "(_bucket|_sum|_count)" : "";
      assert.match(sample.name, new RegExp(`^${open?.name}${suffix}$`), line);
      open!.samples.push(sample);
    }
  }
  for (const { type, samples } of families.values()) {
    if (type === "histogram") checkHistogram(samples);
  }
  return families;
}

function parseSample(line: string): Sample {
  const [, name = "", inner = "", number = ""] = SAMPLE.exec(line) ?? assert.fail(line);
  const labels: Record<string, string> = {};
  for (let rest = inner; rest !== "";) {
    const [whole, key = "", value = ""] = LABEL.exec(rest) ?? assert.fail(line);
    assert.ok(!Object.hasOwn(labels, key), line);
    labels[key] = value;
    rest = rest.slice(whole.length);
  }
  const value = Number(number);
  assert.ok(Number.isFinite(value) && value >= 0, line);
  return { name, labels, value };
}

/** Buckets grow with their bounds, and the last one has all. */
function checkHistogram(samples: readonly Sample[]): void {
  const series = Map.groupBy(
    samples,
    ({ labels: { le: _le, ...others } }) => JSON.stringify(others),
  );
  for (const [labels, parts] of series) {
    const buckets = parts.filter(({ name }) => name.endsWith("_bucket"));
    const bounds = buckets.map(({ labels: { le = "" } }) => le === "+Inf" ? Infinity : Number(le));
    assert.deepEqual(bounds, bounds.toSorted((a, b) => a - b), labels);
    assert.equal(bounds.at(-1), Infinity, labels);
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(counts, counts.toSorted((a, b) => a - b), labels);
    const [count, ...rest] = parts.filter(({ name }) => name.endsWith("_count"));
    assert.equal(count?.value, counts.at(-1), labels);
    assert.equal(rest.length, 0);
    assert.equal(parts.filter(({ name }) => name.endsWith("_sum")).length, 1, labels);
  }
}
