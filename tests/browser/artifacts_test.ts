/** Artifacts that are no models, what refers to a model, and what cannot be shown. */
import assert from "node:assert/strict";
import { safetensors } from "../model/facts/support.ts";
import { pusher, serveFolder } from "../server/page_api/support.ts";
import { tempFolder } from "../support/temp.ts";
import { browserTests, keepPicture, type Serving } from "./support.ts";

const EMPTY = "application/vnd.oci.empty.v1+json";

/** What refers to the model: its type, and what the page calls it. */
const REFERRERS = [
  ["application/vnd.dev.sigstore.bundle.v0.3+json", "signature"],
  ["application/spdx+json", "sbom"],
  ["application/vnd.in-toto+json", "attestation"],
  ["application/vnd.example.<b>note</b>", "artifact"],
] as const;

/** Serves a store that has one of each. */
async function serveArtifacts(): Promise<Serving> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder());
  const server = stack.use(await serveFolder(folder.path));
  const weights = safetensors({ a: { dtype: "F32", shape: [2], width: 4 } });
  const signed = pusher(server, "team/signed");
  const subject = await signed.model("v1", [
    { path: "README.md", content: "# Signed" },
    { path: "model.safetensors", content: weights },
  ]);
  const empty = await signed.blob("{}", EMPTY);
  for (const [artifactType] of REFERRERS) {
    const layers = [await signed.blob(artifactType, "application/json")];
    await signed.manifest(undefined, { artifactType, config: empty, layers, subject });
  }
  const others = pusher(server, "team/others");
  const layer = await others.blob("layer", "application/vnd.oci.image.layer.v1.tar");
  const image = await others.manifest("image", {
    config: await others.blob("{}", "application/vnd.oci.image.config.v1+json"),
    layers: [layer],
  });
  await others.manifest("index", { manifests: [image] }, "application/vnd.oci.image.index.v1+json");
  await others.manifest("bundle", {
    artifactType: "application/vnd.modelops.bundle.v1",
    config: await others.blob("{}", EMPTY),
    layers: [layer],
  });
  const untagged = pusher(server, "team/untagged");
  const config = await untagged.blob("{}", EMPTY);
  await untagged.manifest(undefined, { artifactType: "a/b", config, layers: [config] });
  const { digest } = await pusher(server, "team/damaged").model("v1", []);
  const hex = digest.slice("sha256:".length);
  const blob = folder.join("content.v1/docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex);
  await Deno.writeTextFile(`${blob}/data`, "damaged");
  const name = "n".repeat(10_000);
  await pusher(server, "team/unread").model("v1", [{
    path: "model.safetensors",
    content: safetensors({ [name]: { dtype: "F32", shape: [2], width: 4 } }),
  }]);
  const kept = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

browserTests("the page shows whatever a registry has", serveArtifacts, {
  async "what refers to a model is listed by what it is, and leads there"({ open }) {
    await using shown = await open("/?repository=team/signed&view=referrers");
    const { page, panel } = shown;
    const table = panel.getByRole("table", { name: "What refers to this model" });
    for (const [type, kind] of REFERRERS) {
      await table.getByRole("row").filter({ hasText: type }).getByRole("cell", { name: kind })
        .first().waitFor();
    }
    assert.equal(await table.getByRole("row").count(), 1 + REFERRERS.length);
    assert.equal(
      await page.getByRole("tab", { name: /^Referrers/ }).innerText(),
      `Referrers\n${REFERRERS.length}`,
    );
    await keepPicture(page, "referrers-light");
    const row = table.getByRole("row").filter({ hasText: "spdx" });
    const digest = await row.locator("code").getAttribute("title");
    await row.getByRole("link").click();
    await page.getByRole("complementary", { name: "Facts" }).getByText("a list of components")
      .waitFor();
    assert.equal(new URL(page.url()).searchParams.get("reference"), digest);
    await page.goBack();
    await table.waitFor();
    assert.deepEqual([shown.errors, shown.foreign], [[], []]);
  },

  async "a command is offered for what it can fetch"({ open }) {
    const tools = {
      image: ["oras", "skopeo"],
      index: ["oras", "skopeo"],
      bundle: ["modelops", "oras", "skopeo"],
    };
    for (const [tag, names] of Object.entries(tools)) {
      await using shown = await open(`/?repository=team/others&reference=${tag}`);
      const group = shown.page.getByRole("group", { name: "Tool" });
      await group.waitFor();
      assert.deepEqual(await group.getByRole("button").allInnerTexts(), names, tag);
      const code = await shown.page.getByLabel(`Command for ${names[0]}`, { exact: true })
        .innerText();
      assert.match(code, tag === "bundle" ? /^modelops bundle pull / : /^oras copy /);
    }
  },

  async "the manifests of an index lead to what they are"({ open }) {
    await using shown = await open("/?repository=team/others&reference=index");
    const facts = shown.page.getByRole("complementary", { name: "Facts" });
    await facts.getByRole("link", { name: /^sha256:/ }).click();
    await facts.getByText("a container image").waitFor();
  },

  async "a view that something has not is not shown for it"({ open }) {
    for (const view of ["files", "tensors", "referrers"]) {
      await using shown = await open(`/?repository=team/others&reference=image&view=${view}`);
      await shown.page.getByRole("complementary", { name: "Facts" }).waitFor();
      assert.equal(
        await shown.page.getByRole("tab", { selected: true }).innerText(),
        "Overview",
      );
      assert.deepEqual(shown.errors, []);
    }
  },

  async "a repository without a tag, or without one that can be read, says so"({ open }) {
    const said = {
      untagged: ["It has no tags"],
      damaged: ["Its tags lead to nothing that can be read", /^Skipped v1: .*damaged/],
    };
    for (const [name, texts] of Object.entries(said)) {
      await using shown = await open(`/?repository=team/${name}`);
      for (const text of texts) await shown.page.getByText(text).waitFor();
      await keepPicture(shown.page, name);
    }
  },

  async "what is not there leads to what is"({ open }) {
    await using shown = await open("/?repository=team/signed&reference=v9");
    const { page } = shown;
    await page.getByRole("alert").getByText("It is not here").waitFor();
    await page.getByRole("link", { name: "Show the newest of this repository" }).click();
    await page.getByRole("region", { name: "README.md" }).waitFor();
  },

  async "tensors that cannot be read say why"({ open }) {
    await using shown = await open("/?repository=team/unread&view=tensors");
    await shown.panel.getByText("No tensors").waitFor();
    await shown.panel.getByText(/Cannot read "model\.safetensors".*10000 characters/).waitFor();
  },
});
