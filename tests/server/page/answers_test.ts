/**
 * What the page takes an answer to be is what the product makes: `deno task check` holds the types
 * against each other, and this file has nothing to run but what it is for.
 */
import assert from "node:assert/strict";
import { serveSamples } from "../../browser/sample.ts";
import { isAnswer } from "../../../src/server/page/client/values/answer_shape.js";
import type * as answers from "../../../src/server/page/client/answers.d.ts";
import type { ModelCard } from "../../../src/model/card/shape.ts";
import type { FileTensor } from "../../../src/model/facts/facts.ts";
import type { RemoteTags } from "../../../src/model/operations/looking.ts";
import type { FoundRepositories } from "../../../src/server/page_api/repositories.ts";

/** Fails to compile where a part of the product is not what the page reads. */
function reads<Wanted>(): <Found extends Wanted>(_found?: Found) => void {
  return () => {};
}

Deno.test("the page reads the documents that the product makes", async () => {
  reads<Omit<answers.ModelAnswer, "kind" | "fileCount">>()<ModelCard>();
  reads<answers.Tensor>()<FileTensor>();
  reads<answers.TagsAnswer>()<RemoteTags>();
  reads<answers.RepositoriesAnswer>()<FoundRepositories>();
  await using server = await serveSamples();
  const asked = { repository: "team/llama", reference: "v2" };
  const model: answers.ModelAnswer = await server.json("/_/model", asked);
  assert.deepEqual([model.kind, model.fileCount, model.files.length], ["model", 7, 7]);
  const tensors: answers.TensorsAnswer = await server.json("/_/tensors", asked);
  assert.deepEqual([tensors.tensorCount, tensors.tensors.length], [63, 63]);
  const readme: answers.ReadmeAnswer = await server.json("/_/readme", asked);
  assert.deepEqual([readme.path, readme.truncated], ["README.md", false]);
  const tags: answers.TagsAnswer = await server.json("/_/tags", { repository: "team/llama" });
  assert.deepEqual([tags.total, tags.tags.length, tags.warnings], [3, 3, []]);
  const repositories = await server.json("/_/repositories");
  for (const [name, answer] of Object.entries({ model, tensors, readme, tags, repositories })) {
    assert.ok(isAnswer(name as keyof answers.Answers, answer), name);
  }
});
