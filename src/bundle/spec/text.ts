/**
 * The text of `modelops.yaml`: its value, the lines that its parts are on, and the one edit that is
 * made to it.
 * @module
 */
import { isRecord } from "../../core/json.ts";
import { quote } from "../../core/text.ts";
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  visit,
} from "../../deps/yaml.ts";
import { InvalidInputError, type Problem } from "../../core/errors.ts";
import { readPythonYaml, type YamlFault } from "./python_yaml.ts";

/** A path in the document: keys and positions. */
export type SpecPath = readonly (string | number)[];

/** A problem of a part of the spec; the path is that of the nested form. */
export interface LocatedProblem {
  readonly path: SpecPath;
  /** What is wrong with it, as a clause that follows its name. */
  readonly message: string;
}

/** A spec as text. */
export class SpecText {
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  /** What makes it no YAML, or no map. */
  readonly faults: readonly Problem[];
  /** The value as it is written; a flat one without the `metadata` that its keys may be under. */
  readonly value: unknown;
  /** Whether it is written in the nested form. */
  readonly isNested: boolean;

  /** Parses the text; what is wrong with it is in `faults`. */
  constructor(text: string) {
    this.#text = text;
    const { document, value, faults: found } = readPythonYaml(text, this.#lines);
    const faults = found.length > 0 ? found : keyFaults(document);
    this.#document = document;
    this.isNested = isRecord(value) && "spec" in value;
    this.faults = faults.map(({ offset, message }) => ({
      ...(offset === undefined ? {} : { line: this.#lines.linePos(offset).line }),
      message,
    }));
    if (faults.length === 0 && !isRecord(value)) {
      this.faults = [{ message: "the document is not a map" }];
    }
    this.value = isRecord(value) && !this.isNested ? flatForm(value) : value;
  }

  /** A problem under the name of its part as it is written, with its line. */
  locate({ path, message }: LocatedProblem): Problem {
    const written = this.#written(path);
    const line = this.#lineOf(written);
    return {
      ...(line === undefined ? {} : { line }),
      message: `${nameOf(written)} ${message}`.trimStart(),
    };
  }

  /**
   * The text with another version; every other byte stays.
   * @throws {InvalidInputError} when the version is not written as plain or quoted text.
   */
  withVersion(version: string): string {
    const node = this.#document.getIn(this.#written(["metadata", "version"]), true);
    if (!isScalar(node) || !node.range || !isInline(node.type)) {
      throw new InvalidInputError(
        `Cannot change the version to ${quote(version)}: it is not written as plain or quoted text`,
      );
    }
    const [start, end] = node.range;
    const mark = /^["']/.exec(this.#text.slice(start, end))?.[0] ?? "";
    return this.#text.slice(0, start) + mark + version + mark + this.#text.slice(end);
  }

  /** The path as it is written, in whichever form. */
  #written(path: SpecPath): SpecPath {
    const [first, ...rest] = path;
    if (this.isNested || (first !== "metadata" && first !== "spec")) return path;
    const isUnderMetadata = first === "metadata" && !this.#document.hasIn(rest) &&
      this.#document.hasIn(path);
    return isUnderMetadata ? path : rest;
  }

  /** The line of the deepest part of a path that is there. */
  #lineOf(path: SpecPath): number | undefined {
    let node: unknown = this.#document.contents;
    let offset = isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
    for (const key of path) {
      if (isMap(node)) {
        const pair = node.items.find((item) =>
          isScalar(item.key) && String(item.key.value) === key
        );
        if (pair === undefined) break;
        offset = startOf(pair.key) ?? offset;
        node = pair.value;
      } else if (isSeq(node) && typeof key === "number" && key in node.items) {
        node = node.items[key];
        offset = startOf(node) ?? offset;
      } else break;
    }
    return offset === undefined ? undefined : this.#lines.linePos(offset).line;
  }
}

/**
 * Keys that YAML takes for something else than text, as a role called `on`: they would be known by
 * another name than the one that was written. Under keys that start with `x-` everything may stand.
 */
function keyFaults(document: Document): YamlFault[] {
  const faults: YamlFault[] = [];
  visit(document, {
    Pair(_, { key }) {
      const name = isScalar(key) ? key.value : "";
      if (typeof name === "string") return name.startsWith("x-") ? visit.SKIP : undefined;
      // The key that merges another map is a symbol.
      if (isScalar(key) && typeof name !== "symbol") {
        const message = `the key ${quote(key.source ?? "")} is no text: put it in quotes`;
        faults.push({ offset: key.range?.[0], message });
      }
      return undefined;
    },
  });
  return faults;
}

/** A path as people write it: `layers[0].name`. */
function nameOf(path: SpecPath): string {
  return path.map((key) => typeof key === "number" ? `[${key}]` : `.${key}`).join("").slice(1);
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}

function isInline(type: unknown): boolean {
  return type === "PLAIN" || type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE";
}

/** A flat spec; what the earlier tool has put under `metadata` counts where the top has nothing. */
function flatForm({ metadata, ...top }: Record<string, unknown>): Record<string, unknown> {
  return isRecord(metadata) ? { ...metadata, ...top } : top;
}
