/**
 * Counters of a server, in the text form that Prometheus reads.
 * See https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @module
 */
import type { Answered } from "./http1/connection.ts";

/** Upper bounds of the times that are counted apart, in seconds. */
const BOUNDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600] as const;

/** Methods by their own name; a client that makes up others must not make up series. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/** What a metric is now, for each combination of labels: `{method="GET"}`, or nothing. */
export type Samples = Iterable<readonly [labels: string, value: number]>;

/** Times of the requests of one method. */
interface Times {
  /** Requests by the bound that they kept, the last one without any. */
  readonly counts: number[];
  sum: number;
}

/** Counts what a server answers. */
export class ServerMetrics {
  readonly #requests = new Map<string, number>();
  readonly #times = new Map<string, Times>();
  #received = 0;
  #sent = 0;

  /** Counts an answer. */
  count({ method: sent, status, received, sent: bytes, milliseconds }: Answered): void {
    const method = METHODS.has(sent) ? sent : "other";
    const labels = `{method="${method}",status="${status}"}`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    this.#received += received;
    this.#sent += bytes;
    const seconds = milliseconds / 1000;
    const times = this.#times.get(method) ?? { counts: BOUNDS.map(() => 0).concat(0), sum: 0 };
    const bound = BOUNDS.findIndex((limit) => seconds <= limit);
    const index = bound < 0 ? BOUNDS.length : bound;
    times.counts[index] = (times.counts[index] ?? 0) + 1;
    times.sum += seconds;
    this.#times.set(method, times);
  }

  /** All metrics as text, followed by `gauges` of others. */
  text(gauges: readonly Metric[] = []): string {
    const own: Metric[] = [
      {
        name: "modelops_http_requests_total",
        type: "counter",
        help: "Requests that were answered",
        samples: this.#requests,
      },
      {
        name: "modelops_http_received_bytes_total",
        type: "counter",
        help: "Bytes of bodies of requests",
        samples: [["", this.#received]],
      },
      {
        name: "modelops_http_sent_bytes_total",
        type: "counter",
        help: "Bytes of bodies of answers",
        samples: [["", this.#sent]],
      },
    ];
    return [...own, ...gauges].map(formatMetric).join("") + this.#histogram();
  }

  #histogram(): string {
    const name = "modelops_http_request_duration_seconds";
    const lines = [
      `# HELP ${name} Time from the head of a request to the end of its answer`,
      `# TYPE ${name} histogram`,
    ];
    for (const [method, { counts, sum }] of this.#times) {
      let total = 0;
      for (const [index, count] of counts.entries()) {
        total += count;
        const bound = BOUNDS[index] ?? "+Inf";
        lines.push(`${name}_bucket{method="${method}",le="${bound}"} ${total}`);
      }
      lines.push(`${name}_sum{method="${method}"} ${sum}`);
      lines.push(`${name}_count{method="${method}"} ${total}`);
    }
    return `${lines.join("\n")}\n`;
  }
}

/** A metric of its name. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: Samples;
}

function formatMetric({ name, type, help, samples }: Metric): string {
  const lines = [...samples].map(([labels, value]) => `${name}${labels} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}
