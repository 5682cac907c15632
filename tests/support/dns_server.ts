/** A name server on this machine whose answers a test decides. @module */
import { createSocket } from "node:dgram";

/** What a question is answered with; nothing at all where it is `undefined`. */
export type NameAnswer = {
  /** Addresses of either kind; those that were not asked for are left out. */
  readonly addresses?: readonly string[];
  /** Another name of the same host, whose addresses are not told. */
  readonly alias?: string;
  /** 3 for a name that is not there, 2 for a server in trouble. */
  readonly code?: number;
} | undefined;

/** Answers the questions for a name, of which the first of a kind has the number 0. */
export type NameScript = (
  question: { name: string; kind: "A" | "AAAA"; nth: number },
) => NameAnswer;

/** Listens for questions over UDP until it is disposed; `begin` changes the answers. */
export async function dnsServer(hostname: string, port: number) {
  const socket = createSocket("udp4");
  let script: NameScript = () => ({});
  const asked = new Map<string, number>();
  socket.on("message", (query: Uint8Array, peer: { port: number; address: string }) => {
    const { name, type, end } = questionOf(query);
    const kind = type === TYPES.AAAA ? "AAAA" : "A";
    const nth = asked.get(name + kind) ?? 0;
    asked.set(name + kind, nth + 1);
    const answer = script({ name, kind, nth });
    if (answer !== undefined) {
      socket.send(answerTo(query.subarray(0, end), type, answer), peer.port, peer.address);
    }
  });
  await new Promise<void>((resolve) => socket.bind(port, hostname, resolve));
  return {
    begin(next: NameScript) {
      script = next;
      asked.clear();
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;

/** Bytes of the head of a message (RFC 1035 §4.1.1). */
const HEAD = 12;

function questionOf(query: Uint8Array): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEAD;
  for (let length; (length = query[at] ?? 0) > 0; at += 1 + length) {
    labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + length)));
  }
  return { name: labels.join("."), type: query[at + 2]!, end: at + 5 };
}

function answerTo(question: Uint8Array, type: number, answer: NonNullable<NameAnswer>): Uint8Array {
  const { addresses = [], alias, code = 0 } = answer;
  const records = addresses
    .filter((address) => address.includes(":") === (type === TYPES.AAAA))
    .map((address) => record(type, bytesOf(address)));
  if (alias !== undefined) records.push(record(TYPES.CNAME, nameBytes(alias)));
  const [idHigh = 0, idLow = 0] = question;
  const head = [idHigh, idLow, 0x81, 0x80 | code, 0, 1, 0, records.length, 0, 0, 0, 0];
  return Uint8Array.from([...head, ...question.subarray(HEAD), ...records.flat()]);
}

/** A record of the name that was asked for, to be forgotten at once. */
function record(type: number, data: readonly number[]): number[] {
  return [0xc0, HEAD, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length, ...data];
}

function nameBytes(name: string): number[] {
  const labels = name.split(".").map((label) => [...new TextEncoder().encode(label)]);
  return [...labels.flatMap((label) => [label.length, ...label]), 0];
}

function bytesOf(address: string): number[] {
  if (!address.includes(":")) return address.split(".").map(Number);
  const [head = "", tail = ""] = address.split("::");
  const words = (text: string) =>
    text === "" ? [] : text.split(":").map((word) => parseInt(word, 16));
  const [before, after] = [words(head), words(tail)];
  const zeros = Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].flatMap((word) => [word >> 8, word & 255]);
}
