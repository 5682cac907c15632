/**
 * Compares what a Modelfile says of a model with what its weights say.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { FORMATS } from "../facts/formats.ts";
import { localFacts, modelfileValues } from "../facts/local.ts";
import { parseParamSize } from "../facts/param_size.ts";
import type { WorkspaceFile } from "../workspace.ts";
import type { ModelfileValues } from "./values.ts";

/** Short and other names of precisions, and the names that weights have them under. */
const PRECISION_ALIASES: ReadonlyMap<string, string> = new Map([
  ["fp64", "float64"],
  ["fp32", "float32"],
  ["f32", "float32"],
  ["float", "float32"],
  ["fp16", "float16"],
  ["f16", "float16"],
  ["half", "float16"],
  ["bf16", "bfloat16"],
  ["fp8", "float8_e4m3"],
  ["float8", "float8_e4m3"],
  ["fp4", "float4_e2m1"],
]);

const KNOWN_PRECISION =
  /^(float(64|32|16|8_e\dm\d|6_e\dm\d|4_e2m1)|bfloat16|u?int(64|32|16|8|4|2|1)|bool|complex(64|128)|nf4|nvfp4|mxfp[468])$/;

/** Methods of quantization and tools for it, in the words of their tools. */
const QUANTIZATIONS = new Set(
  ("none gptq gptqmodel awq autogptq autoawq auto autoround bitsandbytes bnb llm.int8 hqq aqlm quip " +
    "quip# vptq spqr squeezellm higgs eetq exl2 exl3 quanto torchao marlin smoothquant omniquant " +
    "spinquant quarot rtn compressed modelopt quark fbgemm fbgemm_fp8 bitnet mlx dwq gguf ggml imatrix " +
    "ptq qat static dynamic sparse").split(" "),
);

/** Widths of quantized weights: `int4`, `8bit`, `fp8_e4m3`, `w4a16`, `Q4_K_M`, `q4f16_1`. */
const QUANTIZED_WIDTH =
  /^(?:(?:u?int|[iu]|b?f|fp|bf|float|bfloat|nf|nvfp|mxfp|mxint)\d{1,2}(?:_?e\dm\d\w*)?|e\dm\d\w*|\d{1,2}(?:\.\d+)?_?(?:bits?|bpw)|w\d{1,2}a\d{1,2}(?:kv\d{1,2})?|[it]?q\d{1,2}(?:_[a-z0-9]+)*|q\d[bf]\d{1,2}(?:_\d)?)$/;

/** How far a count may be from that of the weights: `7b` is said of 6.7 and of 7.6 billion. */
const COUNT_TOLERANCE = 0.15;

/**
 * What is doubtful about the facts of a Modelfile, in sentences: words that nobody knows, and facts
 * that the weights do not bear out.
 */
export async function doubtfulFacts(
  values: ModelfileValues,
  files: readonly WorkspaceFile[],
  options: OperationOptions = {},
): Promise<string[]> {
  const found = modelfileValues((await localFacts(files, options)).facts);
  return [
    ...doubt("FORMAT", values.format, found.format, isKnownFormat, same),
    ...doubt("PARAMSIZE", values.paramSize, found.paramSize, isCount, near),
    ...doubt("PRECISION", values.precision, found.precision, isKnownPrecision, samePrecision),
    ...doubt("QUANTIZATION", values.quantization, found.quantization, isKnownMethod, sameMethod),
  ];
}

function doubt(
  command: string,
  said: string | undefined,
  found: string | undefined,
  isKnown: (said: string) => boolean,
  agree: (said: string, found: string) => boolean,
): string[] {
  if (said === undefined) return [];
  if (found !== undefined && !agree(said, found)) {
    return [`${command} says ${quote(said)}, and the weights say ${quote(found)}`];
  }
  return isKnown(said) ? [] : [`${command} says ${quote(said)}, which no reader will know`];
}

function isKnownFormat(said: string): boolean {
  return FORMATS.some(({ format }) => same(format, said));
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function isCount(said: string): boolean {
  return parseParamSize(said) !== undefined;
}

function near(said: string, found: string): boolean {
  const [a, b] = [parseParamSize(said), parseParamSize(found)];
  if (a === undefined || b === undefined) return true;
  return Math.abs(a - b) <= COUNT_TOLERANCE * Math.max(a, b);
}

function precisionName(text: string): string {
  const name = text.trim().toLowerCase().replace(/^torch\./, "");
  return PRECISION_ALIASES.get(name) ?? name;
}

/** Several precisions may be said, between commas. */
function isKnownPrecision(said: string): boolean {
  return said.split(",").every((one) => KNOWN_PRECISION.test(precisionName(one)));
}

function samePrecision(said: string, found: string): boolean {
  return said.split(",").some((one) => precisionName(one) === precisionName(found));
}

/** Of several words one has to be known: those beside it are names of variants. */
function isKnownMethod(said: string): boolean {
  return said.toLowerCase().replace(/(\d)[\s-]+(?=bits?\b)/g, "$1").split(/[\s,;/()+-]+/)
    .some((word) => QUANTIZATIONS.has(word) || QUANTIZED_WIDTH.test(word));
}

/** Methods are written in many ways: one that names the other, or its method, agrees. */
function sameMethod(said: string, found: string): boolean {
  const [a, b] = [said, found].map((text) => text.toLowerCase().replace(/[^a-z0-9]/g, ""));
  const method = found.toLowerCase().split("-")[0] ?? "";
  return a === undefined || b === undefined || a.includes(b) || b.includes(a) ||
    a.includes(method);
}
