import assert from "node:assert/strict";
import { type ShellSample, shellSamples, shellSamplesIn } from "../support/samples.ts";
import { repositoryPath } from "./repository.ts";

/** What is wrong with what a sample says of itself; `undefined` when nothing is. */
async function faultOf({ runBy, notRun }: ShellSample): Promise<string | undefined> {
  if (notRun !== undefined) return notRun.length < 20 ? `"${notRun}" is no reason` : undefined;
  if (runBy === undefined) return "nothing says who runs it, or why nobody does";
  const found = await Deno.stat(repositoryPath(runBy)).then(({ isFile }) => isFile, () => false);
  return found ? undefined : `there is no ${runBy}`;
}

for (const sample of await shellSamples()) {
  const [line = ""] = sample.text.split("\n");
  Deno.test(`${sample.file} says who runs "${line.trim()}", or why nobody does`, async () => {
    assert.equal(await faultOf(sample), undefined);
  });
}

Deno.test("a sample without a word, without a reason or with a test that is gone is a fault", async () => {
  const block = "```sh\nmodelops list\n```\n";
  const faults = [
    [block, /nothing says/],
    [`<!-- run by tests/gone_test.ts -->\n\n${block}`, /there is no tests\/gone_test.ts/],
    [`<!-- not run: slow -->\n\n${block}`, /"slow" is no reason/],
    [`<!-- not run: it takes an hour on two cores -->\n\ntext\n\n${block}`, /nothing says/],
  ] as const;
  for (const [document, fault] of faults) {
    const [sample] = shellSamplesIn("a.md", document);
    assert.equal(sample?.text, "modelops list\n");
    assert.match(await faultOf(sample) ?? "", fault);
  }
});
