/** Folders of models as people publish them, small enough to be made by a test. @module */
import { dirname, join } from "node:path";
import type { ModelFacts } from "../../../src/model/facts/facts.ts";
import { safetensors } from "../facts/support.ts";

/** A folder, and what is true of the model in it. */
export interface ModelFolder {
  /** What the folder is called; `demo` when absent. */
  readonly folder?: string;
  /** Contents of the files by their paths. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Where links of the folder lead, by their paths. */
  readonly links?: Readonly<Record<string, string>>;
  /** All that the files say, and nothing else. */
  readonly facts: ModelFacts;
  /** What cannot be told, or is told on the way. */
  readonly warnings?: readonly RegExp[];
}

/** Folders by what they hold. */
export type ModelFolders = Readonly<Record<string, ModelFolder>>;

/** The time of all files: cards tell the age of a model. Seconds since 1970. */
export const FILE_TIME = 1_770_000_000;

/** Writes a folder, with modes and times that are the same everywhere. */
export async function writeFolder(
  root: string,
  { files, links = {} }: Pick<ModelFolder, "files" | "links">,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.writeFile(
      target,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    await Deno.chmod(target, 0o644);
    await Deno.utime(target, FILE_TIME, FILE_TIME);
  }
  for (const [path, to] of Object.entries(links)) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.symlink(to, join(root, path));
  }
}

/** Bytes of an element, by the types of safetensors. */
const WIDTHS: Readonly<Record<string, number>> = {
  BF16: 2,
  F16: 2,
  F32: 4,
  F8_E4M3: 1,
  I32: 4,
  U32: 4,
  U8: 1,
};

/** Tensors by their names: the type, and the sizes. */
export type Shapes = Readonly<Record<string, readonly [dtype: string, ...shape: number[]]>>;

/** A safetensors file of these tensors. */
export function weights(shapes: Shapes): Uint8Array {
  const tensors = Object.entries(shapes).map(([name, [dtype, ...shape]]) => {
    const width = WIDTHS[dtype];
    if (width === undefined) throw new Error(`Nobody said how wide ${dtype} is`);
    return [name, { dtype, shape, width }] as const;
  });
  return safetensors(Object.fromEntries(tensors), { format: "pt" });
}

/** A JSON document. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** A README with this front matter. */
export function readme(front: string): string {
  return `---\n${front}\n---\n# A model\n`;
}
