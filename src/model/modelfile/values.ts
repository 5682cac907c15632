/**
 * What a Modelfile says: facts about a model, and which files it consists of.
 *
 * Reading is in parser.ts, writing in format.ts; both follow the tables here.
 * @module
 */
import type { LayerKind } from "../media_types.ts";

/** Facts about a model, in the words of the user. */
export interface ModelfileValues {
  /** Name of the model. */
  readonly name?: string;
  /** Architecture, such as `transformer`. */
  readonly arch?: string;
  /** Family of models, such as `llama`. */
  readonly family?: string;
  /** Format of the weights, such as `safetensors`. */
  readonly format?: string;
  /** Count of parameters, such as `7b`. */
  readonly paramSize?: string;
  /** Type of the weights, such as `bf16`. */
  readonly precision?: string;
  /** Quantization, such as `awq`. */
  readonly quantization?: string;
}

/** One line that names files. */
export interface ModelfileEntry {
  /** What the files are in the model. */
  readonly kind: LayerKind;
  /** A path relative to the workspace, a folder, or a pattern in the syntax of `glob.ts`. */
  readonly pattern: string;
  /** Line it stands on, counted from 1; absent when it was not read from text. */
  readonly line?: number;
}

/** A Modelfile. */
export interface Modelfile extends ModelfileValues {
  /** The lines that name files; no two have the same kind and pattern. */
  readonly entries: readonly ModelfileEntry[];
}

/** An instruction that gives one fact, at most once. */
export interface ValueInstruction {
  /** The word it begins with, in capitals. */
  readonly command: string;
  /** The fact it gives. */
  readonly key: keyof ModelfileValues;
  /** The comment above it in generated text. */
  readonly comment: string;
}

/** An instruction that names files, any number of times. */
export interface FileInstruction {
  /** The word it begins with, in capitals. */
  readonly command: string;
  /** What the files are in the model. */
  readonly kind: LayerKind;
  /** The comment above its group in generated text. */
  readonly comment: string;
}

/** The instructions that give facts, in the order they are written. */
export const VALUE_INSTRUCTIONS: readonly ValueInstruction[] = [
  { command: "NAME", key: "name", comment: "name" },
  { command: "ARCH", key: "arch", comment: "architecture" },
  { command: "FAMILY", key: "family", comment: "family" },
  { command: "FORMAT", key: "format", comment: "format" },
  { command: "PARAMSIZE", key: "paramSize", comment: "parameter size" },
  { command: "PRECISION", key: "precision", comment: "precision" },
  { command: "QUANTIZATION", key: "quantization", comment: "quantization" },
];

/** The instructions that name files, in the order they are written. */
export const FILE_INSTRUCTIONS: readonly FileInstruction[] = [
  { command: "CONFIG", kind: "config", comment: "config files" },
  { command: "CODE", kind: "code", comment: "code files" },
  { command: "MODEL", kind: "model", comment: "model files" },
  { command: "DOC", kind: "doc", comment: "doc files" },
  { command: "DATASET", kind: "dataset", comment: "dataset files" },
];

/** The instruction that names files of a kind: `MODEL` for `model`. */
export function fileCommand(kind: LayerKind): string {
  return FILE_INSTRUCTIONS.find((instruction) => instruction.kind === kind)?.command ??
    kind.toUpperCase();
}
