import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import { modelFolderName, parseModelUrl } from "../../src/hubs/model_url.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const GOOD: readonly (readonly [text: string, provider: string | undefined, model: string])[] = [
  ["https://huggingface.co/owner/name", undefined, "huggingface owner/name"],
  ["https://huggingface.co/owner/name/", undefined, "huggingface owner/name"],
  ["https://www.huggingface.co/owner/name?x=1#y", undefined, "huggingface owner/name"],
  ["huggingface.co/owner/name", undefined, "huggingface owner/name"],
  ["https://hf.co/gpt2", undefined, "huggingface gpt2"],
  ["https://huggingface.co/owner/name/tree/main", undefined, "huggingface owner/name main"],
  ["https://huggingface.co/owner/name@v1.0", undefined, "huggingface owner/name v1.0"],
  [
    `https://huggingface.co/owner/name/commit/${COMMIT}`,
    undefined,
    `huggingface owner/name ${COMMIT}`,
  ],
  [
    "https://huggingface.co/owner/name/tree/refs%2Fpr%2F1",
    undefined,
    "huggingface owner/name refs/pr/1",
  ],
  ["owner/name", "huggingface", "huggingface owner/name"],
  ["owner/name@feature/x", "huggingface", "huggingface owner/name feature/x"],
  ["https://modelscope.cn/models/owner/name", undefined, "modelscope owner/name"],
  ["https://www.modelscope.cn/models/owner/name/summary", undefined, "modelscope owner/name"],
  ["owner/name@v2", "modelscope", "modelscope owner/name v2"],
  ["models:/name", undefined, "mlflow name"],
  ["models:/name/3", undefined, "mlflow name 3"],
  ["models:/name/Production", "mlflow", "mlflow name Production"],
  ["models:/name@champion", undefined, "mlflow name @champion"],
  ["name/3", "mlflow", "mlflow name 3"],
  ["https://mirror.test/hf/owner/name", undefined, "huggingface owner/name"],
];

for (const [text, provider, want] of GOOD) {
  Deno.test(`${text} is ${want}`, () => {
    const model = parseModelUrl(text, {
      provider,
      hubUrls: { huggingface: "https://mirror.test/hf" },
    });
    const got = [model.hub, model.repository, model.revision].filter((part) => part !== undefined);
    assert.equal(got.join(" "), want);
  });
}

const BAD: readonly (readonly [text: string, provider?: string])[] = [
  [""],
  ["owner/name"],
  ["https://example.test/owner/name"],
  ["https://huggingface.co.evil.test/owner/name"],
  ["https://huggingface.co/"],
  ["https://huggingface.co/datasets/owner/name"],
  ["https://huggingface.co/owner/name/blob/main/config.json"],
  ["https://huggingface.co/owner/name/extra"],
  ["https://huggingface.co/owner/.."],
  ["owner/name@../x", "huggingface"],
  ["https://huggingface.co/owner/name", "modelscope"],
  ["https://modelscope.cn/models/name"],
  ["owner", "modelscope"],
  ["owner/name/more", "huggingface"],
  ["owner/name@", "huggingface"],
  ["owner/name@a b", "huggingface"],
  ["../name", "huggingface"],
  ["owner/name", "hub"],
  ["models:/"],
  ["models:/a/b/c"],
  ["models://profile/name"],
];

for (const [text, provider] of BAD) {
  Deno.test(`${JSON.stringify(text)} with provider ${provider} is refused`, () => {
    assert.throws(() => parseModelUrl(text, { provider }), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.ok(error.facts.remedy !== undefined || error.facts.suggestions !== undefined);
      return true;
    });
  });
}

Deno.test("a password in a URL is refused and not repeated", () => {
  const text = "https://user:secret@huggingface.co/owner/name";
  assert.throws(() => parseModelUrl(text), (error) => {
    assert.match(String(error), /it holds credentials/);
    assert.ok(!String(error).includes("secret"));
    return true;
  });
});

Deno.test("the folder of a model has the last part of its name", () => {
  assert.equal(modelFolderName(parseModelUrl("https://hf.co/owner/name@v1")), "name");
  assert.equal(modelFolderName(parseModelUrl("models:/name/3")), "name");
});

Deno.test("any text is a model or invalid input", () => {
  const provider = fc.constantFrom(undefined, "huggingface", "modelscope", "mlflow");
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string().map((rest) => `https://huggingface.co/${rest}`),
    fc.string().map((rest) => `models:/${rest}`),
  );
  fc.assert(fc.property(text, provider, (text, provider) => {
    try {
      const { repository } = parseModelUrl(text, { provider });
      assert.ok(!repository.split("/").includes(".."));
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String(error));
    }
  }));
});
