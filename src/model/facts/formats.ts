/**
 * Formats of model files: what a file is by its first bytes, and by its name.
 * @module
 */
import { basename } from "../../core/runtime/posix_path.ts";
import { type Glob, parseGlob } from "../../core/glob.ts";

/** A format, and how to know its files. */
export interface FormatRow {
  /** The format in the words of a Modelfile. */
  readonly format: string;
  /** Patterns of the base names of such files, between blanks; letter case does not count. */
  readonly files: string;
  /** Patterns of files that go with them and hold weights too. */
  readonly parts?: string;
  /** Bytes that such files begin with, any of them; absent when nothing is common to them. */
  readonly magic?: readonly Magic[];
  /** What the beginning of such files has somewhere, for formats of text. */
  readonly mark?: RegExp;
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
  { format: "safetensors", files: "*.safetensors" },
  { format: "gguf", files: "*.gguf *.gguf.*", magic: [ascii("GGUF")] },
  { format: "onnx", files: "*.onnx", parts: "*.onnx_data* *.onnx.data* *.ort" },
  {
    format: "tensorflow",
    files: "saved_model.pb saved_model.pbtxt tf_model.h5 *.ckpt.index",
    parts: "*.ckpt.data-* *.ckpt.meta variables.data-* variables.index *.tfrecord",
  },
  {
    format: "pytorch",
    files: "*.pt *.pth *.ckpt pytorch_model*.bin adapter_model*.bin model*.bin consolidated*.bin " +
      "*.pt2 *.ptl *.mar *.distcp *.torchscript *.jit",
    magic: [ZIP, ...PICKLES],
  },
  {
    format: "keras",
    files: "*.keras *.h5 *.hdf5",
    parts: "*.hdf",
    magic: [ZIP, { at: 0, bytes: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a] }],
  },
  { format: "tflite", files: "*.tflite", parts: "*.lite", magic: [ascii("TFL3", 4)] },
  { format: "litert", files: "*.task *.litertlm" },
  { format: "executorch", files: "*.pte", parts: "*.ptd", magic: [ascii("ET12", 4)] },
  { format: "flax", files: "flax_model*.msgpack" },
  { format: "openvino", files: "openvino_*.xml openvino_*.bin" },
  { format: "coreml", files: "*.mlmodel *.mlpackage", parts: "*.coreml *.mil weight.bin" },
  { format: "tensorrt", files: "*.engine *.trt *.plan", parts: "*.uff" },
  {
    format: "paddle",
    files: "*.pdmodel *.pdiparams *.pdparams",
    parts: "*.pdopt *.pdiparams.info __model__ __params__",
  },
  { format: "nemo", files: "*.nemo" },
  { format: "mnn", files: "*.mnn", parts: "*.mnn.weight" },
  { format: "ncnn", files: "*.ncnn.bin *.ncnn.param", parts: "*.param" },
  { format: "rknn", files: "*.rknn", parts: "*.rkllm" },
  { format: "tnn", files: "*.tnnmodel *.tnnproto" },
  { format: "tengine", files: "*.tmfile" },
  { format: "hailo", files: "*.hef" },
  { format: "bmodel", files: "*.bmodel" },
  { format: "cvimodel", files: "*.cvimodel" },
  { format: "kmodel", files: "*.kmodel" },
  { format: "axmodel", files: "*.axmodel" },
  { format: "torch7", files: "*.t7" },
  { format: "mindspore", files: "*.mindir", parts: "*.ms" },
  { format: "ascend", files: "*.om" },
  { format: "dlc", files: "*.dlc" },
  { format: "dduf", files: "*.dduf" },
  { format: "iree", files: "*.vmfb" },
  { format: "rten", files: "*.rten" },
  { format: "vitis", files: "*.xmodel" },
  { format: "verisilicon", files: "*.nbg" },
  { format: "pmml", files: "*.pmml" },
  { format: "catboost", files: "*.cbm" },
  { format: "xgboost", files: "*.ubj *.xgb" },
  { format: "pickle", files: "*.pkl *.pickle *.dill *.joblib" },
  {
    format: "tfjs",
    files: "*weights_manifest.json model.json",
    parts: "*-shard[0-9] *-shard[0-9][0-9] *-shard*of*",
    mark: /"paths"|"weights"|"weightsManifest"|"modelTopology"|"(graph|layers)-model"/,
  },
  {
    format: "ggml",
    files: "*.ggml *.ggmf *.ggjt",
    magic: [ascii("lmgg"), ascii("fmgg"), ascii("tjgg")],
  },
];

/** Bytes of the beginning of a file that {@linkcode formatOf} wants to see. */
export function headSize({ magic, mark }: FormatRow): number {
  return mark !== undefined ? 512 : magic === undefined ? 0 : 8;
}

/** Patterns of the names of all files that hold weights in some format. */
export const WEIGHT_PATTERNS: readonly string[] = FORMATS.flatMap(({ files, parts = "", mark }) =>
  // Documents that only describe weights are configuration.
  words(mark === undefined ? `${files} ${parts}` : parts)
);

function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}

let tests: readonly { row: FormatRow; globs: readonly Glob[] }[] | undefined;

/** The row that a file belongs to by its name; `undefined` for what is no known model file. */
export function formatRowOf(path: string): FormatRow | undefined {
  const name = basename(path);
  tests ??= FORMATS.map((row) => ({
    row,
    globs: words(row.files).map((pattern) => parseGlob(pattern, { ignoreCase: true })),
  }));
  return tests.find(({ globs }) => globs.some((glob) => glob.matches(name)))?.row;
}

/**
 * The format of a file by its name and its first bytes; `undefined` when the bytes are not those
 * that the format begins with.
 */
export function formatOf(row: FormatRow, head: Uint8Array): string | undefined {
  if (row.mark !== undefined) {
    return row.mark.test(new TextDecoder().decode(head)) ? row.format : undefined;
  }
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
