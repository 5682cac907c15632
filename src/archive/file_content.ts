/**
 * The content of a file on its way to the disk.
 * @module
 */
import { digestAlgorithm, digestStream } from "../core/digest.ts";
import { IntegrityError, ModelOpsError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { fileSource } from "../core/content/file_source.ts";
import type { OnBytes } from "../core/progress.ts";
import type { ExpectedContent } from "../core/content/expected_content.ts";
import type { FileAttributes } from "../core/content/file_attributes.ts";
import type { StagedContent } from "../core/staged_file.ts";
import { quote } from "../core/text.ts";

/** A function that opens content once its place is ready. */
export type OpenContent = () => StagedContent | Promise<StagedContent>;

/** Where content that writes itself goes. */
export interface ReceivePlace extends Pick<FileAttributes, "mode"> {
  /** The file that is there in the end, all at once; for messages. */
  readonly path: string;
  /** Hidden path beside it, without the endings of the files that are there meanwhile. */
  readonly partialBase: string;
  /** Gives the verified file its name. */
  readonly place: (whole: string) => Promise<void>;
  /** Told how many bytes are there, and how many an earlier process has left. */
  readonly onBytes: OnBytes;
  /** Called with the path of the verified file before it gets its name. */
  readonly onWhole: (path: string) => void;
}

/**
 * Content that can write itself into a file, going on with what a stopped process left of it. It
 * verifies its bytes, whichever way they go.
 */
export interface SelfWritingContent {
  /** Opens the content as a stream. */
  readonly open: OpenContent;
  /** What tells it from other content, in letters and digits of a file name. */
  readonly key: string;
  /** Writes it to a place whose folder is there. */
  receive(place: ReceivePlace): Promise<void>;
}

/** Content to write. */
export type FileContent = StagedContent | OpenContent | SelfWritingContent;

/** Whether content can write itself into a file. */
export function isSelfWriting(content: FileContent): content is SelfWritingContent {
  return "receive" in content;
}

/** What passes through {@linkcode measured}. */
export interface MeasureOptions {
  /** What a person calls the content. */
  readonly path: string;
  /** Size it must have, in bytes; any when absent. */
  readonly size?: number;
  /** Called with each chunk's size before it is passed on; what it throws ends the content. */
  readonly onBytes: (count: number) => void;
}

/**
 * Opens content and passes it on.
 * @throws {IntegrityError} when it has not the size it must have; as soon as it has more.
 */
export async function* measured(
  content: FileContent,
  options: MeasureOptions,
): AsyncGenerator<Uint8Array, void> {
  const { path, size } = options;
  let actual = 0;
  for await (const chunk of await opened(content)) {
    actual += chunk.byteLength;
    if (size !== undefined && actual > size) break;
    options.onBytes(chunk.byteLength);
    yield chunk;
  }
  if (size === undefined || actual === size) return;
  const got = actual > size ? "more" : `${actual}`;
  throw new IntegrityError(
    `Cannot extract ${quote(path)}: got ${got}, want ${size} bytes`,
    {
      path,
      expected: size,
      actual,
    },
  );
}

async function opened(content: FileContent): Promise<StagedContent> {
  if (isSelfWriting(content)) return await content.open();
  return typeof content === "function" ? await content() : content;
}

/** Gives back content that was not read to its end. */
export async function release(content: FileContent): Promise<void> {
  if (!(content instanceof ReadableStream) || content.locked) return;
  // A failed stream refuses with the error that its reader has seen already.
  await content.cancel().catch(() => undefined);
}

/**
 * Whether a regular file has this content, by reading all of it. A file that cannot be read counts
 * as different: replacing it succeeds, or fails with a better reason.
 */
export async function fileHasContent(
  path: string,
  expected: ExpectedContent,
  options: OperationOptions = {},
): Promise<boolean> {
  try {
    const source = await fileSource(path);
    if (source.size !== expected.size) return false;
    const algorithm = digestAlgorithm(expected.digest);
    const actual = await digestStream(await source.open(options), { ...options, algorithm });
    return actual.digest === expected.digest;
  } catch (error) {
    if (error instanceof ModelOpsError) return false;
    throw error;
  }
}
