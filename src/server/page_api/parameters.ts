/**
 * The parameters of requests for JSON: each is known, given once, and of its form.
 * @module
 */
import { isDigest } from "../../core/digest.ts";
import { isTag } from "../../oci/reference.ts";
import { RegistryFault } from "../fault.ts";
import { isServedName } from "../name_rules.ts";

/** Longer values are none of these. */
const LONGEST = 1000;

/** The parameters of one path; what is refused is not repeated. */
export class Parameters {
  readonly #query: URLSearchParams;

  /** @throws {RegistryFault} when one is not among `known`, is given twice, or is too long. */
  constructor(query: URLSearchParams, known: readonly string[]) {
    this.#query = query;
    for (const [name, value] of query) {
      if (!known.includes(name)) {
        throw invalid(`A parameter is unknown: there are only ${known.join(", ")}`);
      }
      if (query.getAll(name).length > 1) throw invalid(`The parameter ${name} is given twice`);
      if (value.length > LONGEST) {
        throw invalid(`The parameter ${name} has more than ${LONGEST} characters`);
      }
    }
  }

  /** A text; `undefined` where it is absent or empty. */
  text(name: string): string | undefined {
    return this.#query.get(name) || undefined;
  }

  /**
   * A whole number from 1 to `most`, which it is when absent.
   * @throws {RegistryFault} for anything else.
   */
  count(name: string, { usual, most }: { readonly usual: number; readonly most: number }): number {
    const text = this.#query.get(name);
    if (text === null) return usual;
    const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
    if (count >= 1 && count <= most) return count;
    throw new RegistryFault("PAGINATION_NUMBER_INVALID", {
      message: `The parameter ${name} is no whole number from 1 to ${most}`,
    });
  }

  /** The name of a repository. @throws {RegistryFault} when it is absent or can be none. */
  repository(): string {
    const name = this.#query.get("repository");
    if (name !== null && isServedName(name)) return name;
    const found = name === null ? "is missing" : "can be no name";
    throw new RegistryFault("NAME_INVALID", { message: `The parameter repository ${found}` });
  }

  /** A tag or a digest. @throws {RegistryFault} when it is absent or neither. */
  reference(): string {
    const text = this.#query.get("reference");
    if (text !== null && (isTag(text) || isDigest(text))) return text;
    const found = text === null ? "is missing" : "is neither a tag nor a digest";
    throw invalid(`The parameter reference ${found}`);
  }
}

function invalid(message: string): RegistryFault {
  return new RegistryFault("UNSUPPORTED", { status: 400, message });
}
