/**
 * Clients that mean harm, against a server in a process of its own: what they take of its memory,
 * and that others are answered before they are done.
 */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { openProgram } from "../support/program.ts";
import { type ServedProcess, serveInProcess } from "../support/served.ts";

const MIB = 1024 * 1024;

/** What a flood may add to the most memory that the process ever had, collected or not. */
const MOST = 150 * MIB;

const OCI = "application/vnd.oci.image.manifest.v1+json";
const encode = (text: string) => new TextEncoder().encode(text);

/** The most memory that a process has had, in bytes. */
async function peakOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** A document of almost 4 MiB, whose list has as many of these items as fit. */
function longList(list: string, item: (index: number) => string): Uint8Array<ArrayBuffer> {
  const items: string[] = [];
  for (let size = 0; size < 4 * MIB - 500; size += items.at(-1)!.length + 1) {
    items.push(item(items.length));
  }
  return encode(`{"schemaVersion":2,"${list}":[${items.slice(0, -1).join(",")}]}`);
}

const descriptor = (index: number) =>
  `{"mediaType":"a/b","digest":"sha256:${index.toString(16).padStart(64, "0")}","size":${index}}`;

async function put(server: ServedProcess, path: string, body: Uint8Array<ArrayBuffer>) {
  const answer = await fetch(`http://${server.address}/v2/${path}`, {
    method: "PUT",
    headers: { "content-type": OCI },
    body,
  });
  await answer.body?.cancel();
  return answer.status;
}

async function putBlob(server: ServedProcess, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = digestBytes(bytes);
  const answer = await fetch(
    `http://${server.address}/v2/ok/m/blobs/uploads/?digest=${digest}`,
    { method: "POST", body: bytes },
  );
  assert.equal(answer.status, 201);
  return digest;
}

/** Does the work of hostile clients, with an honest one that must be answered meanwhile. */
async function withFlood(
  server: ServedProcess,
  digest: string,
  flood: (answered: Promise<void>) => Promise<unknown>,
): Promise<void> {
  const before = await peakOf(server.pid);
  let isOver = false;
  const answered = Promise.withResolvers<void>();
  const flooding = flood(answered.promise).finally(() => isOver = true);
  for (let round = 0; round < 3; round++) {
    const asked = await fetch(`http://${server.address}/v2/ok/m/blobs/${digest}`, {
      method: "HEAD",
    });
    assert.equal(asked.status, 200);
  }
  assert.equal(isOver, false, "who asks for little is answered before the flood is over");
  answered.resolve();
  await flooding;
  const added = await peakOf(server.pid) - before;
  assert.ok(added < MOST, `${Math.round(added / MIB)} MiB were added`);
}

const LINUX_ONLY = { ignore: Deno.build.os !== "linux" };

Deno.test("long manifests, many at once, bound each other", LINUX_ONLY, async (context) => {
  const bodies: Readonly<Record<string, () => Uint8Array<ArrayBuffer>>> = {
    "of numbers": () => longList("layers", () => "0"),
    "of empty objects": () => longList("manifests", () => "{}"),
    "of descriptors of what is not here": () => longList("layers", descriptor),
    "of one blob of 4 MiB of text": () => encode(`{"layers":[],"x":"${"é".repeat(2 * MIB - 20)}"}`),
  };
  for (const [kind, make] of Object.entries(bodies)) {
    await context.step(kind, async () => {
      await using operator = await openProgram();
      await using server = await serveInProcess(operator);
      const digest = await putBlob(server, encode("honest"));
      const body = make();
      await withFlood(server, digest, async () => {
        const names = Array.from({ length: 24 }, (_, index) => `bad/m/manifests/t${index}`);
        const statuses = await Promise.all(names.map((name) => put(server, name, body)));
        assert.ok(statuses.every((status) => [201, 400, 503].includes(status)), `${statuses}`);
      });
    });
  }
});

/** Sends the head of a request and some of its body, and keeps the connection. */
async function begin(server: ServedProcess, text: string): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await conn.write(encode(text));
  return conn;
}

Deno.test("readers of large blobs that do not read cost little", LINUX_ONLY, async () => {
  await using operator = await openProgram();
  await using server = await serveInProcess(operator);
  const digest = await putBlob(server, new Uint8Array(40 * MIB));
  const request = `GET /v2/ok/m/blobs/${digest} HTTP/1.1\r\nHost: ${server.address}\r\n\r\n`;
  const readers: Deno.TcpConn[] = [];
  try {
    await withFlood(server, digest, async (answered) => {
      for (let index = 0; index < 150; index++) readers.push(await begin(server, request));
      const first = new Uint8Array(100);
      for (const reader of readers) await reader.read(first);
      await answered;
    });
  } finally {
    for (const reader of readers) reader.close();
  }
});

Deno.test("a body in chunks of one byte keeps nobody waiting", LINUX_ONLY, async () => {
  await using operator = await openProgram();
  await using server = await serveInProcess(operator);
  const digest = await putBlob(server, encode("honest"));
  const head = `PUT /v2/bad/m/manifests/t HTTP/1.1\r\nHost: ${server.address}\r\n` +
    `Content-Type: ${OCI}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunks = encode("1\r\nx\r\n".repeat(200_000));
  await withFlood(server, digest, async () => {
    await Promise.all(Array.from({ length: 8 }, async () => {
      using conn = await begin(server, head);
      for (let at = 0; at < chunks.byteLength;) at += await conn.write(chunks.subarray(at));
      await conn.write(encode("0\r\n\r\n"));
      const answer = new Uint8Array(100);
      const count = await conn.read(answer) ?? 0;
      assert.match(new TextDecoder().decode(answer.subarray(0, count)), /^HTTP\/1\.1 400 /);
    }));
  });
});
