/**
 * YAML as PyYAML reads it, since the files that are read here were first written for it: YAML 1.1,
 * with merge keys and with `yes` and `no`, but with PyYAML's own idea of what looks like a number.
 * See https://yaml.org/spec/1.1/ and `yaml/resolver.py` of PyYAML 6.
 * @module
 */
import {
  type Document,
  type LineCounter,
  parseDocument,
  type ScalarTag,
  type Tags,
  visit,
} from "../../deps/yaml.ts";
import { expansionFault, TOO_DEEP } from "../../core/yaml/expansion.ts";
import { duplicateKeys, yamlFault } from "../../core/yaml/limits.ts";

/** What is wrong with a document, and where. */
export interface YamlFault {
  /** Offset in the text. */
  readonly offset?: number;
  readonly message: string;
}

/** A document that was read. */
export interface PythonYaml {
  readonly document: Document;
  /** Its value, `undefined` when there are faults. */
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
}

/** Reads a document; it ends within the limits whatever the text is. */
export function readPythonYaml(text: string, lines: LineCounter): PythonYaml {
  const unfit = yamlFault(text);
  const document = parseDocument(unfit === undefined ? ofVersion11(text) : "", {
    lineCounter: lines,
    uniqueKeys: false,
    version: "1.1",
    customTags: pythonTags,
    prettyErrors: false,
    logLevel: "error",
  });
  if (unfit !== undefined) return refused(document, [{ message: unfit }]);
  const { errors } = document;
  // PyYAML lets the bracket that ends a list stand below the key that the list belongs to.
  const warnings = document.warnings.filter(({ code }) => code !== "BAD_INDENT");
  const found = [...errors, ...warnings].map(({ message, pos }) => ({
    offset: pos[0],
    message: plainWords(message),
  }));
  // The parser's way to say that it is nested too deeply is to run out of stack.
  if (errors.some(({ message }) => message.includes("call stack"))) {
    return refused(document, [{ message: TOO_DEEP }]);
  }
  const repeated = duplicateKeys(document)
    .map((offset) => ({ offset, message: "Map keys must be unique" }));
  if (found.length + repeated.length > 0) return refused(document, [...found, ...repeated]);
  if (!text.endsWith("\n")) endWithoutLineBreak(document, text.length);
  const fault = expansionFault(document);
  if (fault !== undefined) return refused(document, [{ message: fault }]);
  try {
    return { document, value: document.toJS({ maxAliasCount: -1 }), faults: [] };
  } catch (error) {
    return refused(document, [{ message: error instanceof Error ? error.message : String(error) }]);
  }
}

/** A text in the form of version 1.1, by which PyYAML reads all; as many characters. */
function ofVersion11(text: string): string {
  // A carriage return alone ends a line as well; the parser knows it only before a line feed.
  return text.replace(/\r(?!\n)/g, "\n").replace(
    /^(\uFEFF?(?:[ \t]*(?:#.*)?\r?\n)*%YAML[ \t]+1\.)[0-9](?![0-9])/,
    "$11",
  );
}

/** Takes the line break from a block text that ends with its document, without one. */
function endWithoutLineBreak(document: Document, end: number): void {
  visit(document, {
    Scalar(_, scalar) {
      const isLast = scalar.type?.startsWith("BLOCK_") && scalar.range?.[1] === end;
      if (isLast) scalar.value = String(scalar.value).replace(/\n$/, "");
    },
  });
}

/** What the parser says of a fault, in a line, without the names of its own functions. */
function plainWords(message: string): string {
  if (message.includes("multiple documents")) return "it holds several documents, want one";
  return message.split("\n", 1)[0] ?? message;
}

function refused(document: Document, faults: readonly YamlFault[]): PythonYaml {
  return { document, value: undefined, faults };
}

/** What PyYAML takes for values, where it differs from YAML 1.1 as the parser knows it. */
const PYTHON_FORMS: readonly (readonly [tag: string, format: string, test: RegExp])[] = [
  ["int", "", /^[-+]?(?:0|[1-9][0-9_]*)$/],
  ["int", "TIME", /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/],
  // A sign and a point in front of the first digit make no number.
  ["float", "EXP", /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)[eE][-+][0-9]+$/],
  ["float", "", /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/],
  ["float", "TIME", /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/],
  [
    "timestamp",
    "",
    /^\d{4}-(?:\d\d-\d\d|\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  ],
];

/** `y` and `n` are letters to PyYAML. */
const PYTHON_BOOLEANS: readonly (readonly [value: boolean, test: RegExp])[] = [
  [true, /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/],
  [false, /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/],
];

function pythonTags(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === "string" || !isTyped(tag)) return tag;
    const name = tag.tag.slice(tag.tag.lastIndexOf(":") + 1);
    const test = name === "bool"
      ? PYTHON_BOOLEANS.find(([value]) => tag.identify?.(value))?.[1]
      : PYTHON_FORMS.find(([type, format]) => type === name && format === (tag.format ?? ""))?.[2];
    return test === undefined || isSpecial(tag) ? tag : { ...tag, test };
  });
}

function isTyped(tag: Exclude<Tags[number], string>): tag is ScalarTag {
  return /:(?:bool|int|float|timestamp)$/.test(tag.tag) && "test" in tag;
}

/** The tag of `.inf` and `.nan`, which has no format of its own either. */
function isSpecial({ test }: ScalarTag): boolean {
  return test?.test(".inf") ?? false;
}
