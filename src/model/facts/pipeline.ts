/**
 * Models of several components, each with weights of its own in a folder of its own: pipelines of
 * diffusers (`model_index.json`), and models of sentence-transformers (`modules.json`).
 * See https://hf.co/docs/diffusers/using-diffusers/write_own_pipeline and
 * https://sbert.net/docs/sentence_transformer/usage/custom_models.html
 * @module
 */
import * as form from "../../core/shapes/form.ts";

/** What a list of components tells. */
export interface PipelineFacts {
  /** The library that reads it. */
  readonly library: string;
  /** The class that runs it. */
  readonly modelClass?: string;
  /** What it is for, where the library has one purpose. */
  readonly task?: string;
  /** Folders of the components; `""` is the top. */
  readonly components: readonly string[];
}

/** The most components that are looked at. */
const MOST_COMPONENTS = 64;

/** A folder in the model. */
const folder = /^\w[\w.-]*(\/\w[\w.-]*)*$/;

const moduleForm = form.map({ path: form.text, type: form.text });

/** The facts in the values of a `model_index.json`; its keys are the folders of the components. */
export function diffusersFacts(index: Readonly<Record<string, unknown>>): PipelineFacts {
  const named = Object.entries(index).filter(([name, value]) =>
    folder.test(name) && Array.isArray(value) && value.some((part) => typeof part === "string")
  );
  const modelClass = index["_class_name"];
  return {
    library: "diffusers",
    components: named.slice(0, MOST_COMPONENTS).map(([name]) => name),
    ...(typeof modelClass === "string" && /^[\w.-]{1,200}$/.test(modelClass) ? { modelClass } : {}),
  };
}

/** The facts in a `modules.json`; `undefined` for a document of another program. */
export function sentenceFacts(modules: unknown): PipelineFacts | undefined {
  const { value = [] } = form.inForm(form.listOf(moduleForm), modules);
  if (!value.some(({ type }) => type.startsWith("sentence_transformers."))) return undefined;
  const paths = value.map(({ path }) => path).filter((path) => path === "" || folder.test(path));
  return {
    library: "sentence-transformers",
    task: "sentence-similarity",
    components: [...new Set(paths)].slice(0, MOST_COMPONENTS),
  };
}
