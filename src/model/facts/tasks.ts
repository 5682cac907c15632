/**
 * What a model is for, and what it takes and gives.
 * See https://hf.co/tasks and
 * https://github.com/modelpack/model-spec/blob/main/docs/config.md#capabilities
 * @module
 */

/** What a model takes or gives, in the words of the specification. */
export type Modality = "text" | "image" | "audio" | "video" | "embedding" | "other";

/** Tasks in the words of hubs, with what goes in and what comes out. */
const TASKS: ReadonlyMap<string, readonly [inputs: string, outputs: string]> = new Map([
  ["text-generation", ["text", "text"]],
  ["text2text-generation", ["text", "text"]],
  ["translation", ["text", "text"]],
  ["summarization", ["text", "text"]],
  ["question-answering", ["text", "text"]],
  ["fill-mask", ["text", "text"]],
  ["text-classification", ["text", "text"]],
  ["token-classification", ["text", "text"]],
  ["zero-shot-classification", ["text", "text"]],
  ["text-ranking", ["text", "other"]],
  ["feature-extraction", ["text", "embedding"]],
  ["sentence-similarity", ["text", "embedding"]],
  ["image-feature-extraction", ["image", "embedding"]],
  ["image-classification", ["image", "text"]],
  ["zero-shot-image-classification", ["image text", "text"]],
  ["object-detection", ["image", "other"]],
  ["image-segmentation", ["image", "image"]],
  ["depth-estimation", ["image", "image"]],
  ["image-to-image", ["image", "image"]],
  ["image-to-text", ["image", "text"]],
  ["image-text-to-text", ["image text", "text"]],
  ["visual-question-answering", ["image text", "text"]],
  ["video-text-to-text", ["video text", "text"]],
  ["audio-text-to-text", ["audio text", "text"]],
  ["any-to-any", ["text image audio", "text image audio"]],
  ["text-to-image", ["text", "image"]],
  ["text-to-video", ["text", "video"]],
  ["image-to-video", ["image", "video"]],
  ["text-to-speech", ["text", "audio"]],
  ["text-to-audio", ["text", "audio"]],
  ["audio-to-audio", ["audio", "audio"]],
  ["audio-classification", ["audio", "text"]],
  ["automatic-speech-recognition", ["audio", "text"]],
  ["video-classification", ["video", "text"]],
]);

/** What the class that runs a model tells of its task, by the end of its name. */
const CLASSES: readonly (readonly [end: RegExp, task: string])[] = [
  [/ForCausalLM$|LMHeadModel$/, "text-generation"],
  [/ForMaskedLM$/, "fill-mask"],
  [/ForSequenceClassification$/, "text-classification"],
  [/ForTokenClassification$/, "token-classification"],
  [/ForQuestionAnswering$/, "question-answering"],
  [/ForImageClassification$/, "image-classification"],
  [/ForObjectDetection$/, "object-detection"],
  [/^Whisper.*Generation$|ForSpeechSeq2Seq$|ForCTC$/, "automatic-speech-recognition"],
  [/^Marian.*Model$|^M2M100ForConditionalGeneration$/, "translation"],
  [/^(M|UM|Long|Switch)?T5.*Generation$|^(M?Bart|Pegasus).*Generation$/, "text2text-generation"],
  [/^(Chinese)?(CLIP|Siglip2?)Model$/, "zero-shot-image-classification"],
  [/ImageToVideoPipeline$|^StableVideoDiffusionPipeline$/, "image-to-video"],
  [/^(AnimateDiff|CogVideoX|HunyuanVideo|LTX|Mochi|TextToVideo\w*|Wan)Pipeline$/, "text-to-video"],
  [/(Img2Img|Inpaint|Upscale|Pix2Pix|Kontext|Edit)Pipeline$/, "image-to-image"],
  [/^(AudioLDM2?|MusicLDM|StableAudio)Pipeline$/, "text-to-audio"],
  [
    /^(AuraFlow|Chroma|CogView|Flux|HiDream|HunyuanDiT|Kandinsky|Kolors|Latent|Lumina|PixArt|QwenImage|Sana|StableCascade|StableDiffusion|Wuerstchen|ZImage)\w*Pipeline$/,
    "text-to-image",
  ],
];

/** The task of a model by the class that runs it; `undefined` where that does not tell. */
export function taskOfClass(name: string): string | undefined {
  return CLASSES.find(([end]) => end.test(name))?.[1];
}

/** What a task takes and gives; `undefined` for a task that nobody knows. */
export function modalitiesOf(
  task: string,
):
  | { readonly inputTypes: readonly Modality[]; readonly outputTypes: readonly Modality[] }
  | undefined {
  const [inputs, outputs] = TASKS.get(task) ?? [];
  if (inputs === undefined || outputs === undefined) return undefined;
  const words = (text: string) => text.split(" ") as Modality[];
  return { inputTypes: words(inputs), outputTypes: words(outputs) };
}
