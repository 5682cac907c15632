/**
 * How much a document of YAML becomes when each alias stands for what it names: found out before it
 * is made, since a few lines of merged maps can stand for gigabytes.
 * @module
 */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq } from "../../deps/yaml.ts";

/** Most keys and values of a document, those counted again that an alias brings in again. */
const VALUE_LIMIT = 100_000;

/** Deepest nesting of a document. */
const DEPTH_LIMIT = 100;

/** The fault of a document whose parser, or whose reader, would run out of stack. */
export const TOO_DEEP = "it is nested too deep";

/** Which limit a document passes, as a clause; `undefined` when its value can be made. */
export function expansionFault({ contents }: Document): string | undefined {
  const expansion = new Expansion();
  expansion.size(contents, 0);
  return expansion.fault;
}

/** What a part of a document becomes. */
interface Size {
  readonly values: number;
  /** Levels below it. */
  readonly depth: number;
}

const NOTHING: Size = { values: 0, depth: 0 };

/** Walks a document in its order, each node once. */
class Expansion {
  /** The first fault. */
  fault: string | undefined;
  /** What the anchors so far name; `undefined` while that is being walked. */
  readonly #named = new Map<string, Size | undefined>();

  size(node: unknown, depth: number): Size {
    if (depth > DEPTH_LIMIT) return this.#refuse(TOO_DEEP);
    if (this.fault !== undefined) return NOTHING;
    if (isAlias(node)) return this.#alias(node.source, depth);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) this.#named.set(anchor, undefined);
    const size = this.#whole(node, depth);
    if (anchor !== undefined) this.#named.set(anchor, size);
    return size;
  }

  #whole(node: unknown, depth: number): Size {
    let [values, deepest] = [1, 0];
    for (const part of partsOf(node)) {
      if (isPair(part) && isScalar(part.key) && part.key.value === "__proto__") {
        return this.#refuse("no key may be called __proto__");
      }
      const below = isPair(part)
        ? joined(this.size(part.key, depth + 1), this.size(part.value, depth + 1))
        : this.size(part, depth + 1);
      values += below.values;
      deepest = Math.max(deepest, below.depth + 1);
    }
    if (values <= VALUE_LIMIT) return { values, depth: deepest };
    return this.#refuse(`its aliases stand for more than ${VALUE_LIMIT} values`);
  }

  #alias(source: string, depth: number): Size {
    const size = this.#named.get(source);
    if (size !== undefined) return depth + size.depth > DEPTH_LIMIT ? this.#refuse(TOO_DEEP) : size;
    return this.#refuse(
      this.#named.has(source)
        ? `the alias *${source} stands in what it names`
        : `the alias *${source} names nothing that stands before it`,
    );
  }

  #refuse(fault: string): Size {
    this.fault ??= fault;
    return NOTHING;
  }
}

function partsOf(node: unknown): readonly unknown[] {
  return isMap(node) || isSeq(node) ? node.items : [];
}

function joined(a: Size, b: Size): Size {
  return { values: a.values + b.values, depth: Math.max(a.depth, b.depth) };
}
