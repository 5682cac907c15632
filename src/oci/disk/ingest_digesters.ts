/**
 * What has hashed the bytes of uploads that come in several pieces.
 * @module
 */
import { Digester } from "../../core/digest.ts";

/** Unfinished uploads whose digests are remembered; older ones are read again at their end. */
const REMEMBERED_DIGESTERS = 1024;

/** What has hashed the bytes of unfinished uploads of this process, by upload id. */
export class IngestDigesters {
  readonly #byId = new Map<string, Digester>();

  /** The digester of an upload: the one that has seen its bytes, or a fresh one. */
  of(id: string): Digester {
    const digester = this.#byId.get(id) ?? new Digester();
    this.#byId.delete(id);
    this.#byId.set(id, digester);
    const oldest = this.#byId.keys().next().value;
    if (this.#byId.size > REMEMBERED_DIGESTERS && oldest !== undefined) this.#byId.delete(oldest);
    return digester;
  }
}
