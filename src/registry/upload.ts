/**
 * Blobs to a registry.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 * @module
 */
import { IntegrityError, TransferError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource } from "../core/content/source.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { discard } from "../http/bodies.ts";
import { ConnectionLost, explainFault, isFault, SourceFailure } from "../http/faults.ts";
import { askForBlob } from "./blob_presence.ts";
import type { UploadNote } from "./open_uploads.ts";
import type { Channel } from "./session.ts";
import { isRetriedStatus } from "../core/retry.ts";
import { allowedRetryAfter } from "../http/retrying.ts";
import { UploadLessons } from "./upload_lessons.ts";
import { openNote, takeUpNoted } from "./upload_notes.ts";
import { nextStep, type UploadStep } from "./upload_parts.ts";
import { UploadProgress } from "./upload_progress.ts";
import { checkStored, UploadSession } from "./upload_session.ts";

/**
 * Sends a blob: as one body, or in parts where the registry turns out to want that. After a lost
 * connection, of this run or an earlier one, it goes on where the registry says it stopped, else
 * begins again; it gives up after as many losses as requests are tried, with nothing new kept in
 * between. The registry checks the digest.
 * @throws {IntegrityError} when the source is not what the descriptor says.
 */
export async function upload(
  channel: Channel,
  blob: Descriptor,
  source: BlobSource,
  options: OperationOptions = {},
): Promise<void> {
  await using note = await openNote(channel, blob);
  const sender = new BlobSender(channel, { blob, source, note, signal: options.signal });
  try {
    await sender.run();
    await note?.forget();
  } catch (error) {
    await sender.abandon(error);
    throw error instanceof SourceFailure ? error.error : error;
  }
}

/** What is sent, and where it is noted. */
interface Sending {
  readonly blob: Descriptor;
  readonly source: BlobSource;
  readonly note: UploadNote | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The policy of an upload: what to send next, and what to do when that fails. */
class BlobSender {
  readonly #channel: Channel;
  readonly #sending: Sending;
  readonly #progress: UploadProgress;
  readonly #lessons: UploadLessons;
  #session: UploadSession | undefined;
  /** Bytes the registry has kept. */
  #offset = 0;
  #tookUpNote = false;
  #renewedToken = false;
  #mayResume = true;
  #resumed = false;

  constructor(channel: Channel, sending: Sending) {
    this.#channel = channel;
    this.#sending = sending;
    this.#progress = new UploadProgress(sending.blob, channel.session.retry);
    this.#lessons = new UploadLessons(channel.session);
  }

  /** Sends until the registry has the blob. */
  async run(): Promise<void> {
    for (;;) {
      this.#session ??= await this.#start();
      if (!this.#session || await this.#advance(this.#session)) return;
    }
  }

  /**
   * Lets the registry forget what it kept of an upload that is given up; what another run can go on
   * with stays.
   */
  async abandon(error: unknown): Promise<void> {
    if (!this.#session) return;
    const unreachable = error instanceof TransferError && error.facts.status === undefined;
    const stopped = this.#sending.signal?.aborted ?? false;
    if (this.#sending.note && stopped) return await this.#tellLeft(this.#session);
    if (unreachable) return;
    try {
      await this.#sending.note?.forget();
      await this.#session.cancel();
    } catch (failure) {
      // The first error is the one to report; the registry forgets the session by itself.
      this.#channel.session.log?.("debug", "Cannot cancel an upload", { failure: String(failure) });
    }
  }

  /** Has whoever stopped the upload told what another run need not send. */
  async #tellLeft(session: UploadSession): Promise<void> {
    try {
      const left = await session.left();
      if (typeof left === "number") this.#sending.source.noteKept?.(left);
    } catch (failure) {
      // The registry may not know it any more: the next run finds out.
      const facts = { failure: String(failure) };
      this.#channel.session.log?.("debug", "Cannot ask how far an upload came", facts);
    }
  }

  /** Opens a session; `undefined` when there is nothing left to send. */
  async #start(): Promise<UploadSession | undefined> {
    const { blob, signal } = this.#sending;
    this.#offset = 0;
    this.#resumed = false;
    if (this.#progress.failures > 0) {
      // What was lost may have been only the answer to the last byte.
      if (await askForBlob(this.#channel, blob.digest, { signal })) return undefined;
    }
    const session = await this.#takeUpNote() ??
      await UploadSession.open(this.#channel, blob, signal);
    if (session) await this.#writeNote(session);
    return session;
  }

  /** The session that an earlier run left, where the registry still knows it. */
  async #takeUpNote(): Promise<UploadSession | undefined> {
    const { blob, source, signal, note } = this.#sending;
    if (this.#tookUpNote || !note) return undefined;
    this.#tookUpNote = true;
    const begun = await takeUpNoted(this.#channel, blob, { note, signal });
    if (begun === undefined) return undefined;
    this.#goOnAt(begun.kept);
    source.noteKept?.(begun.kept);
    return begun.session;
  }

  async #writeNote(session: UploadSession): Promise<void> {
    const { note } = this.#sending;
    await this.#channel.session.remembered(async () => await note?.write(session.location));
  }

  /** Sends what comes next; `true` when that was all and the registry took it. */
  async #advance(session: UploadSession): Promise<boolean> {
    const { blob, source } = this.#sending;
    const step = nextStep(blob.size, this.#offset, await this.#channel.session.limits());
    this.#progress.sending(step.end - step.start);
    const sending = step.last ? session.finish(source, step) : session.append(source, step);
    const response = await this.#answer(sending);
    if (!response) await this.#recover(session, step);
    else if (!response.ok) await this.#consider(session, step, response);
    else if (step.last) await this.#end(response);
    else await this.#proceed(session, step, response);
    return step.last && response?.ok === true;
  }

  /** The answer to a request; `undefined` after a lost connection. */
  async #answer(sending: Promise<Response>): Promise<Response | undefined> {
    const { signal } = this.#sending;
    try {
      return await sending;
    } catch (error) {
      signal?.throwIfAborted();
      const lost = error instanceof ConnectionLost || isFault(error, signal);
      if (error instanceof SourceFailure || !lost) throw error;
      await this.#progress.failed(error, { signal, reason: explainFault(error).reason });
      return undefined;
    }
  }

  async #proceed(session: UploadSession, step: UploadStep, response: Response): Promise<void> {
    await discard(response);
    this.#offset = step.end;
    this.#progress.kept(step.end);
    await this.#writeNote(session);
  }

  /** Finds out how far the registry got; a session that cannot say so is given up. */
  async #recover(session: UploadSession, step: UploadStep): Promise<void> {
    const { wholeOnly = false } = await this.#channel.session.limits();
    const kept = this.#mayResume && !wholeOnly ? await session.kept() : "unknown";
    await this.#lessons.lost(kept, step);
    if (typeof kept === "number") this.#goOnAt(kept);
    else this.#session = undefined;
  }

  #goOnAt(kept: number): void {
    this.#offset = kept;
    this.#resumed = true;
    this.#progress.kept(kept);
  }

  /** Decides what a refusal means: smaller parts, a new token, another try, or the end. */
  async #consider(session: UploadSession, step: UploadStep, response: Response): Promise<void> {
    const { status } = response;
    const { signal } = this.#sending;
    if (await this.#lessons.isTooLarge(step, response) || this.#getsNewToken(status)) {
      await discard(response);
      this.#session = undefined;
      return;
    }
    const error = await this.#channel.error(response, "write", this.#sending.blob.digest);
    if (await this.#lessons.takesNoParts(step, error)) {
      this.#session = undefined;
      return;
    }
    if (!this.#mayGoOn(status, error)) throw error;
    const { retry: policy, registry: host } = this.#channel.session;
    await this.#progress.failed(error, {
      signal,
      reason: `status ${status}`,
      asked: allowedRetryAfter(response, { policy, host }),
    });
    await this.#recover(session, step);
  }

  /** Whether the token ran out while a body was on its way; there is a new one by now. */
  #getsNewToken(status: number): boolean {
    const first = status === 401 && !this.#renewedToken;
    this.#renewedToken ||= first;
    return first;
  }

  #mayGoOn(status: number, error: Error): boolean {
    // The session is gone, or the registry stopped elsewhere than we think.
    if (status === 404 || status === 416 || isRetriedStatus(status)) return true;
    // It still reads what an earlier run has sent.
    if (status === 409 && this.#resumed) return true;
    const misplaced = error instanceof IntegrityError && this.#resumed;
    if (misplaced) this.#mayResume = false;
    return misplaced;
  }

  async #end(response: Response): Promise<void> {
    this.#session = undefined;
    await checkStored(this.#channel, response, this.#sending.blob.digest);
  }
}
