/**
 * The numbers that GGUF files give to types, and the names people know them by.
 *
 * Plain types have the words of a Modelfile's PRECISION; the others are quantizations.
 * @module
 */

/** Types of whole files: the values of `general.file_type`. */
export const GGUF_FILE_TYPES: ReadonlyMap<number, string> = new Map([
  [0, "float32"],
  [1, "float16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [7, "Q8_0"],
  [8, "Q5_0"],
  [9, "Q5_1"],
  [10, "Q2_K"],
  [11, "Q3_K_S"],
  [12, "Q3_K_M"],
  [13, "Q3_K_L"],
  [14, "Q4_K_S"],
  [15, "Q4_K_M"],
  [16, "Q5_K_S"],
  [17, "Q5_K_M"],
  [18, "Q6_K"],
  [19, "IQ2_XXS"],
  [20, "IQ2_XS"],
  [21, "Q2_K_S"],
  [22, "IQ3_XS"],
  [23, "IQ3_XXS"],
  [24, "IQ1_S"],
  [25, "IQ4_NL"],
  [26, "IQ3_S"],
  [27, "IQ3_M"],
  [28, "IQ2_S"],
  [29, "IQ2_M"],
  [30, "IQ4_XS"],
  [31, "IQ1_M"],
  [32, "bfloat16"],
  [33, "Q4_0_4_4"],
  [34, "Q4_0_4_8"],
  [35, "Q4_0_8_8"],
  [36, "TQ1_0"],
  [37, "TQ2_0"],
  [38, "MXFP4"],
  [39, "NVFP4"],
  [40, "Q1_0"],
]);

/** Types of single tensors. */
export const GGUF_TENSOR_TYPES: ReadonlyMap<number, string> = new Map([
  [0, "float32"],
  [1, "float16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [6, "Q5_0"],
  [7, "Q5_1"],
  [8, "Q8_0"],
  [9, "Q8_1"],
  [10, "Q2_K"],
  [11, "Q3_K"],
  [12, "Q4_K"],
  [13, "Q5_K"],
  [14, "Q6_K"],
  [15, "Q8_K"],
  [16, "IQ2_XXS"],
  [17, "IQ2_XS"],
  [18, "IQ3_XXS"],
  [19, "IQ1_S"],
  [20, "IQ4_NL"],
  [21, "IQ3_S"],
  [22, "IQ2_S"],
  [23, "IQ4_XS"],
  [24, "int8"],
  [25, "int16"],
  [26, "int32"],
  [27, "int64"],
  [28, "float64"],
  [29, "IQ1_M"],
  [30, "bfloat16"],
  [34, "TQ1_0"],
  [35, "TQ2_0"],
  [39, "MXFP4"],
  [40, "NVFP4"],
  [41, "Q1_0"],
]);

/**
 * How many elements a block of a type has, and how many bytes it takes; see the traits of types in
 * https://github.com/ggml-org/ggml/blob/master/src/ggml.c
 */
const BLOCKS: ReadonlyMap<string, readonly [elements: number, bytes: number]> = new Map([
  ["float64", [1, 8]],
  ["float32", [1, 4]],
  ["float16", [1, 2]],
  ["bfloat16", [1, 2]],
  ["int64", [1, 8]],
  ["int32", [1, 4]],
  ["int16", [1, 2]],
  ["int8", [1, 1]],
  ["Q4_0", [32, 18]],
  ["Q4_1", [32, 20]],
  ["Q5_0", [32, 22]],
  ["Q5_1", [32, 24]],
  ["Q8_0", [32, 34]],
  ["Q8_1", [32, 36]],
  ["Q2_K", [256, 84]],
  ["Q3_K", [256, 110]],
  ["Q4_K", [256, 144]],
  ["Q5_K", [256, 176]],
  ["Q6_K", [256, 210]],
  ["Q8_K", [256, 292]],
  ["IQ2_XXS", [256, 66]],
  ["IQ2_XS", [256, 74]],
  ["IQ3_XXS", [256, 98]],
  ["IQ1_S", [256, 50]],
  ["IQ4_NL", [32, 18]],
  ["IQ3_S", [256, 110]],
  ["IQ2_S", [256, 82]],
  ["IQ4_XS", [256, 136]],
  ["IQ1_M", [256, 56]],
  ["TQ1_0", [256, 54]],
  ["TQ2_0", [256, 66]],
  ["MXFP4", [32, 17]],
  ["NVFP4", [64, 36]],
  ["Q1_0", [128, 18]],
]);

/** The bytes that so many elements of a type take; `undefined` for a type that nobody knows. */
export function ggufBytes(type: string, elements: number): number | undefined {
  const [size, bytes] = BLOCKS.get(type) ?? [];
  return size === undefined || bytes === undefined ? undefined : Math.ceil(elements / size) * bytes;
}
