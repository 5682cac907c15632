/**
 * A registry of the internet that sends clients inside, under names that lead now here and now
 * there. To be run in namespaces of its own, with the two addresses and a name server on this
 * machine; prints what each case came to as JSON. @module
 */
import { RegistryClient } from "../../src/registry/client.ts";
import { dnsServer, type NameScript } from "./dns_server.ts";

/** An address of the internet, and one of a private network. */
export const [OUTSIDE, INSIDE] = ["203.0.113.5", "10.0.0.5"] as const;

const moving = (nth: number, ...addresses: string[]) => ({
  addresses: [addresses[Math.min(nth, addresses.length - 1)]!],
});

/** What names lead to, and whether a secret inside may be asked for: its own server says so. */
export const NAME_CASES: Readonly<Record<string, NameScript>> = {
  "outside": () => ({ addresses: [OUTSIDE] }),
  "outside, then inside": ({ nth }) => moving(nth, OUTSIDE, INSIDE),
  "inside, then outside": ({ nth }) => moving(nth, INSIDE, OUTSIDE),
  "now here, now there": ({ nth }) => moving(nth % 2, OUTSIDE, INSIDE),
  "now there, now here": ({ nth }) => moving(nth % 2, INSIDE, OUTSIDE),
  "twice outside": ({ nth }) => moving(nth, OUTSIDE, OUTSIDE, INSIDE),
  "twice inside": ({ nth }) => moving(nth, INSIDE, INSIDE, OUTSIDE),
  "both": () => ({ addresses: [OUTSIDE, INSIDE] }),
  "then this machine": ({ nth }) => moving(nth, OUTSIDE, "127.0.0.1"),
  "then NAT64": ({ nth }) => moving(nth, OUTSIDE, "64:ff9b::a00:5"),
  "then 6to4": ({ nth }) => moving(nth, OUTSIDE, "2002:a00:5::"),
  "no such name": () => ({ code: 3 }),
  "a name server in trouble": () => ({ code: 2 }),
  "a silent name server": () => undefined,
  "names in a circle": ({ name }) => ({ alias: name === "a.test" ? "b.test" : "a.test" }),
  "no addresses": () => ({}),
};

/** What came of a case. */
export interface NameOutcome {
  readonly name: string;
  readonly target: string;
  /** What the client says. */
  readonly told: string;
  /** Requests for what is inside that a server of the internet asked for. */
  readonly stolen: number;
}

async function run(): Promise<NameOutcome[]> {
  await using dns = await dnsServer("127.0.0.1", 53);
  let [target, misled, stolen] = ["", false, 0];
  const outside = (request: Request) => {
    misled = true;
    if (request.url.includes("/secret")) return new Response("{}");
    return new Response(null, { status: 307, headers: { Location: target } });
  };
  const inside = () => {
    if (misled) stolen++;
    return new Response("{}");
  };
  const quiet = { onListen: () => {} };
  const servers = [8080, 8081].flatMap((port) => [
    Deno.serve({ ...quiet, hostname: OUTSIDE, port }, outside),
    Deno.serve({ ...quiet, hostname: INSIDE, port }, inside),
    Deno.serve({ ...quiet, hostname: "127.0.0.1", port }, inside),
  ]);
  const outcomes: NameOutcome[] = [];
  for (const [name, script] of Object.entries(NAME_CASES)) {
    for (target of [`http://${INSIDE}:8081/secret`, "http://a.test:8081/secret"]) {
      [misled, stolen] = [false, 0];
      dns.begin(script);
      const retry = { attempts: 3, firstWait: 1 };
      await using client = new RegistryClient({ plainHttp: true, retry });
      const told = await client.repository("a.test:8080/demo").resolve("v1").catch(String);
      outcomes.push({ name, target, told: String(told), stolen });
    }
  }
  await Promise.all(servers.map((server) => server.shutdown()));
  return outcomes;
}

if (import.meta.main) {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(await run())));
}
