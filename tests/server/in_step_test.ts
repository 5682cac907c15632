import assert from "node:assert/strict";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { wrapped } from "../../src/oci/wrapped.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { inStep } from "../../src/work/in_step.ts";
import { RegistryClient, sampleArtifact, utf8 } from "../conformance/distribution_client.ts";

Deno.test("of pieces that come together few are under way at once, in the order they came", async () => {
  let [now, most] = [0, 0];
  const order: number[] = [];
  const work = async (index: number) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now--;
    order.push(index);
    if (index === 7) throw new Error("one of them fails");
  };
  const settled = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => inStep(() => work(index))),
  );
  assert.equal(most, 8);
  assert.deepEqual(order, order.toSorted((a, b) => a - b));
  assert.equal(settled.filter(({ status }) => status === "rejected").length, 1);
});

Deno.test("hundreds who bring something at once are taken in a few at a time", async () => {
  const catalog = memoryCatalog();
  const under = { write: [0, 0], ingest: [0, 0] } satisfies Record<string, [number, number]>;
  const counted = async <Result>(counts: number[], work: () => Promise<Result>) => {
    counts[1] = Math.max(counts[1]!, ++counts[0]!);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return await work().finally(() => counts[0]!--);
  };
  const handler = createRegistryHandler({
    repositories: () => catalog.repositories(),
    repository(name) {
      const store = catalog.repository(name);
      const { ingest } = store.capabilities!;
      return wrapped(store, {
        write: (...args) => counted(under.write, () => store.write(...args)),
        capabilities: {
          ...store.capabilities,
          ingest: (...args) => counted(under.ingest, () => ingest!(...args)),
        },
      });
    },
  });
  const client = new RegistryClient(handler);
  await client.push("demo", "v1");
  const all = Array.from({ length: 200 }, (_, index) => index);
  await Promise.all(all.map((index) => client.pushBlob("demo", utf8(`blob ${index}`))));
  const { manifest } = sampleArtifact();
  const answers = await Promise.all(
    all.map((index) => client.pushManifest("demo", `t${index}`, manifest)),
  );
  for (const { status } of answers) assert.equal(status, 201);
  assert.deepEqual([under.write[1], under.ingest[1]], [8, 8]);
});
