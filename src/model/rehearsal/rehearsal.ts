/**
 * Operations on models over stores that write nothing: what they would do is what they do there.
 * @module
 */
import type { Connect } from "../../oci/connect.ts";
import type { MovingOptions } from "../moving/moving.ts";
import { type LocalModels, ModelStores } from "../stores.ts";
import { rehearsedFiles } from "./files.ts";
import { Notes } from "./notes.ts";
import type { OperationPlan, PlannedArtifact } from "./plan.ts";
import { rehearsedLocal, rehearsedRemote } from "./stores.ts";

/** A dry run of one operation. */
export class Rehearsal {
  /** What takes the place of the parts that write. */
  readonly parts: Pick<MovingOptions, "stores" | "writeFiles" | "learns">;
  readonly #notes = new Notes();

  /** Rehearses over a local store and registries, which stay as they are. */
  constructor({ local, connect }: { readonly local: LocalModels; readonly connect: Connect }) {
    this.parts = {
      stores: new ModelStores(
        rehearsedLocal(local, this.#notes),
        rehearsedRemote(connect, this.#notes),
      ),
      writeFiles: rehearsedFiles(this.#notes),
      learns: false,
    };
  }

  /** What the operation would do that has made, or would have made, an artifact. */
  plan({ reference, references = [], digest, warnings = [] }: PlannedArtifact): OperationPlan {
    const named = reference === undefined ? references : [reference];
    return this.#notes.plan({ references: named, digest, warnings });
  }
}
