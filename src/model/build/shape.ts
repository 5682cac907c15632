/**
 * What a build is asked, what it finds, and what it makes.
 * @module
 */
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ModelFacts } from "../facts/facts.ts";
import type { StoredLayer } from "../layers.ts";
import type { Modelfile } from "../modelfile/values.ts";
import type { BuildOptions } from "../operations/packaging.ts";
import type { WorkspaceFile } from "../workspace.ts";

/** How to build, apart from where to. */
export type PackageOptions = Omit<BuildOptions, "targets" | "outputRemote" | "digestCache">;

/** A workspace that was examined and can be packaged. */
export interface BuildPlan {
  readonly modelfile: Modelfile;
  /** Where the Modelfile was found; absent when it was generated. */
  readonly modelfilePath?: string;
  /** In the order of the layers. */
  readonly files: readonly WorkspaceFile[];
  /** Facts about the source code, as the configuration records them. */
  readonly source: {
    readonly sourceURL?: string;
    readonly revision?: string;
  };
  /** What the files say of the model. */
  readonly facts: ModelFacts;
  readonly warnings: readonly string[];
}

/** An artifact that is in its store. */
export interface BuiltModel {
  /** Descriptor of the manifest. */
  readonly descriptor: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly StoredLayer[];
}
