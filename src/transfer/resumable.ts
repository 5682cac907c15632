/**
 * Content of a server, as those see it who go on with it where it stopped.
 * @module
 */
import { pieceSize } from "../core/content/piece_size.ts";
import type { TransientError } from "../core/retry.ts";
import { type PieceReader, pieceReader } from "../core/streams.ts";
import type { StallWatch } from "../core/waiting/time_limit.ts";
import type { FilePlace, Received } from "../work/receive.ts";
import { bodyToFile } from "../work/remote_body.ts";
import type { TellOptions } from "../work/telling.ts";

/** The bytes of one answer. */
export interface AnswerBody {
  /** The next bytes; `undefined` at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Drops the connection, also while bytes are awaited. */
  close(): Promise<void> | void;
}

/** A body that can go into a file. */
export interface FileBody extends AnswerBody {
  /** Writes all bytes into a file, in place of `next`. */
  toFile(place: FilePlace, options: TellOptions): Promise<Received>;
}

/** An answer that has been checked. */
export interface ResumedAnswer {
  /** Position in the content of the first byte: the one that was asked for, or one before it. */
  readonly start: number;
  /** The byte after the last one that is wanted, when only the answer tells. */
  readonly end?: number;
  /** The bytes. */
  readonly body: AnswerBody;
}

/** A content whose answers can go into files. */
export interface ReceivableContent extends ResumableContent {
  /** As {@linkcode ResumableContent.ask} says. */
  ask(position: number, watch: StallWatch): Promise<ResumedAnswer & { readonly body: FileBody }>;
  /** As {@linkcode ResumableContent.askAll} says. */
  askAll?(watch: StallWatch): Promise<ResumedAnswer & { readonly body: FileBody }>;
}

/**
 * A server does not go on where it was asked to: it refuses the range, or its answer is none to
 * that range. The cause is the error where the content cannot be had from its beginning either.
 */
export class RangeRefused extends Error {
  declare readonly cause: Error;

  /** `reason` is a clause for the log. */
  constructor(reason: string, cause: Error) {
    super(reason, { cause });
  }
}

/** How far a reader has come. */
export interface ReadProgress {
  /** Position of the next byte. */
  readonly position: number;
  /** The byte after the last one; unknown before the first answer when nobody said it. */
  readonly end?: number;
}

/** What a reader has to know about a content. */
export interface ResumableContent {
  /**
   * Asks for the bytes from `position` on, and checks the answer. The signal of `watch` belongs to
   * the request; whether the wait for the answer is watched is up to the content.
   * @throws {RangeRefused} when the server does not go on from there.
   */
  ask(position: number, watch: StallWatch): Promise<ResumedAnswer>;
  /**
   * Asks for all bytes, without naming a range: what follows a range that was refused, once. Where
   * this is missing, the refusal is thrown.
   */
  askAll?(watch: StallWatch): Promise<ResumedAnswer>;
  /** Turns a failure into a {@linkcode TransientError} where going on may help. */
  explain(error: unknown): unknown;
  /** The error when the tries are used up. */
  giveUp(last: TransientError, at: ReadProgress): Error;
  /** The error when more comes than the content has; without it the rest is left unread. */
  tooLong?(): Error;
}

/** The body of a `Response` as the body of an answer. */
export function answerBody(response: Response): FileBody {
  let reader: PieceReader | undefined;
  return {
    next: async () => {
      if (response.body === null) return undefined;
      reader ??= pieceReader(response.body, pieceSize(response.headers));
      const { done, value } = await reader.read();
      // Whoever has it may keep it, while the reader fills the same memory again.
      return done ? undefined : value?.slice();
    },
    // A connection that broke already needs no closing.
    close: async () => await (reader ?? response.body)?.cancel().catch(() => undefined),
    toFile: async (place, options) => await bodyToFile(response, place, options),
  };
}
