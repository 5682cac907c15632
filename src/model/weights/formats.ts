/**
 * Formats of model files: what a file is by its first bytes, and by its name.
 * @module
 */
import { basename } from "node:path/posix";

/** A format, and how to know its files. */
export interface FormatRow {
  /** The format in the words of a Modelfile. */
  readonly format: string;
  /** Base names of such files; letter case does not count. */
  readonly name: RegExp;
  /** Bytes that such files begin with, any of them; absent when nothing is common to them. */
  readonly magic?: readonly Magic[];
}

/** Bytes at a place. */
export interface Magic {
  /** Offset of the first byte. */
  readonly at: number;
  /** The bytes. */
  readonly bytes: readonly number[];
}

const ZIP: Magic = { at: 0, bytes: [0x50, 0x4b, 0x03, 0x04] };
/** The pickle protocol opcode and protocols 2 to 5; this program never unpickles. */
const PICKLES: readonly Magic[] = [2, 3, 4, 5].map((version) => ({
  at: 0,
  bytes: [0x80, version],
}));

/**
 * The formats, the one that describes a model best first: of a repository that offers several, the
 * first one found is the one a Modelfile names.
 */
export const FORMATS: readonly FormatRow[] = [
  { format: "safetensors", name: /\.safetensors$/i },
  { format: "gguf", name: /\.gguf(\.|$)/i, magic: [ascii("GGUF")] },
  { format: "onnx", name: /\.onnx$/i },
  { format: "tensorflow", name: /^(saved_model\.pb(txt)?|tf_model\.h5|.*\.ckpt\.index)$/i },
  {
    format: "pytorch",
    name: /(\.(pth?|ckpt)$)|(^(pytorch_model|adapter_model|model|consolidated).*\.bin$)/i,
    magic: [ZIP, ...PICKLES],
  },
  {
    format: "keras",
    name: /\.(keras|h5|hdf5)$/i,
    magic: [ZIP, { at: 0, bytes: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a] }],
  },
  { format: "tflite", name: /\.tflite$/i, magic: [ascii("TFL3", 4)] },
  { format: "executorch", name: /\.pte$/i, magic: [ascii("ET12", 4)] },
  { format: "flax", name: /^flax_model.*\.msgpack$/i },
  { format: "openvino", name: /^openvino_.*\.(xml|bin)$/i },
  { format: "coreml", name: /\.(mlmodel|mlpackage)$/i },
  { format: "tensorrt", name: /\.(engine|trt)$/i },
  { format: "paddle", name: /\.(pdmodel|pdiparams|pdparams)$/i },
  {
    format: "ggml",
    name: /\.(ggml|ggmf|ggjt)$/i,
    magic: [ascii("lmgg"), ascii("fmgg"), ascii("tjgg")],
  },
];

/** Bytes of the beginning of a file that {@linkcode formatOf} wants to see. */
export const MAGIC_SIZE = 8;

/** The row that a file belongs to by its name; `undefined` for what is no known model file. */
export function formatRowOf(path: string): FormatRow | undefined {
  const name = basename(path);
  return FORMATS.find((row) => row.name.test(name));
}

/**
 * The format of a file by its name and its first bytes; `undefined` when the bytes are not those
 * that the format begins with.
 */
export function formatOf(row: FormatRow, head: Uint8Array): string | undefined {
  if (row.magic === undefined || row.magic.some((magic) => hasMagic(head, magic))) {
    return row.format;
  }
  // Converters name GGUF files after what they replace, `model.bin` among them.
  const other = FORMATS.find(({ format, magic }) =>
    format === "gguf" && magic?.some((one) => hasMagic(head, one))
  );
  return other?.format;
}

function hasMagic(head: Uint8Array, { at, bytes }: Magic): boolean {
  return bytes.every((byte, index) => head[at + index] === byte);
}

function ascii(text: string, at = 0): Magic {
  return { at, bytes: [...new TextEncoder().encode(text)] };
}
