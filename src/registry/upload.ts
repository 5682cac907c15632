/**
 * Blobs to a registry.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 * @module
 */
import { IntegrityError, TransferError, UnsupportedError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource } from "../core/content/source.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { discard } from "../http/bodies.ts";
import { ConnectionLost, explainFault, isFault, SourceFailure } from "../http/faults.ts";
import { askForBlob } from "./blob_presence.ts";
import type { UploadKey, UploadNote } from "./open_uploads.ts";
import type { Channel } from "./session.ts";
import { isRetriedStatus } from "../core/retry.ts";
import { allowedRetryAfter } from "../http/retrying.ts";
import { UploadProgress } from "./upload_progress.ts";
import { checkStored, type Kept, UploadSession } from "./upload_session.ts";
import { largestPart, PART_SIZE, smallerBody } from "./upload_parts.ts";

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

/** The note of a large blob's upload; small ones are sent again as fast as they are asked about. */
async function openNote(channel: Channel, blob: Descriptor): Promise<UploadNote | undefined> {
  const { session } = channel;
  if (blob.size <= PART_SIZE || (await session.limits()).keeps === "nothing") return undefined;
  return await session.remembered(async () =>
    await session.openUploads?.open(noteKey(channel, blob), { log: session.log })
  );
}

function noteKey({ session, path }: Channel, { digest }: Descriptor): UploadKey {
  return { registry: session.registry, repository: path, digest };
}

/**
 * Forgets an upload of an earlier run whose blob the registry has: it was killed at its very end.
 */
export async function dropNote(channel: Channel, blob: Descriptor): Promise<void> {
  const { session } = channel;
  if (blob.size <= PART_SIZE) return;
  await session.remembered(async () => await session.openUploads?.drop(noteKey(channel, blob)));
}

/** What is sent, and where it is noted. */
interface Sending {
  readonly blob: Descriptor;
  readonly source: BlobSource;
  readonly note: UploadNote | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A request that carries bytes. */
interface Step {
  readonly start: number;
  readonly end: number;
  /** Whether it also ends the upload. */
  readonly last: boolean;
}

/** The policy of an upload: what to send next, and what to do when that fails. */
class BlobSender {
  readonly #channel: Channel;
  readonly #sending: Sending;
  readonly #progress: UploadProgress;
  #session: UploadSession | undefined;
  /** Bytes the registry has kept. */
  #offset = 0;
  #tookUpNote = false;
  #renewedToken = false;
  #sawWholeOnly = false;
  #mayResume = true;
  #resumed = false;

  constructor(channel: Channel, sending: Sending) {
    this.#channel = channel;
    this.#sending = sending;
    this.#progress = new UploadProgress(sending.blob, channel.session.retry);
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
    const { blob, signal, note } = this.#sending;
    if (this.#tookUpNote || !note) return undefined;
    this.#tookUpNote = true;
    const { session: registry } = this.#channel;
    const location = await registry.remembered(() => note.location());
    if (location === undefined) return undefined;
    try {
      const session = await UploadSession.at(this.#channel, blob, { location, signal });
      const kept = await session.kept();
      if (typeof kept !== "number") return undefined;
      registry.log?.("info", `Going on with the upload of ${blob.digest}`, { kept });
      this.#goOnAt(kept);
      this.#sending.source.noteKept?.(kept);
      return session;
    } catch (error) {
      signal?.throwIfAborted();
      // What was noted is no promise: whatever is wrong with it, the upload begins again.
      registry.log?.("debug", "Cannot go on with an upload", { error: String(error) });
      return undefined;
    }
  }

  async #writeNote(session: UploadSession): Promise<void> {
    const { note } = this.#sending;
    await this.#channel.session.remembered(async () => await note?.write(session.location));
  }

  /** Sends what comes next; `true` when that was all and the registry took it. */
  async #advance(session: UploadSession): Promise<boolean> {
    const step = await this.#nextStep();
    const { source } = this.#sending;
    this.#progress.sending(step.end - step.start);
    const sending = step.last ? session.finish(source, step) : session.append(source, step);
    const response = await this.#answer(sending);
    if (!response) await this.#recover(session, step);
    else if (!response.ok) await this.#consider(session, step, response);
    else if (step.last) await this.#end(response);
    else await this.#proceed(session, step, response);
    return step.last && response?.ok === true;
  }

  async #nextStep(): Promise<Step> {
    const { size } = this.#sending.blob;
    const start = this.#offset;
    const limit = largestPart(size, await this.#channel.session.limits());
    if (start === size || start === 0 && size <= limit) return { start, end: size, last: true };
    return { start, end: Math.min(size, start + limit), last: false };
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

  async #proceed(session: UploadSession, step: Step, response: Response): Promise<void> {
    await discard(response);
    this.#offset = step.end;
    this.#progress.kept(step.end);
    await this.#writeNote(session);
  }

  /** Finds out how far the registry got; a session that cannot say so is given up. */
  async #recover(session: UploadSession, step: Step): Promise<void> {
    const { wholeOnly = false } = await this.#channel.session.limits();
    const kept = this.#mayResume && !wholeOnly ? await session.kept() : "unknown";
    await this.#learnWhatIsKept(kept, step);
    if (typeof kept === "number") this.#goOnAt(kept);
    else this.#session = undefined;
  }

  #goOnAt(kept: number): void {
    this.#offset = kept;
    this.#resumed = true;
    this.#progress.kept(kept);
  }

  /**
   * Takes note of what a lost connection cost: a body, or the parts before it as well. What turns
   * out to be kept after all is no longer taken to be lost.
   */
  async #learnWhatIsKept(kept: Kept, { start, end }: Step): Promise<void> {
    const { session } = this.#channel;
    const { keeps } = await session.limits();
    if (typeof kept === "number") {
      const more = keeps === "nothing" ? kept > 0 : kept > start;
      if (keeps !== undefined && more) await session.learn({ keeps: undefined });
      return;
    }
    if (kept !== "gone" || end - start <= PART_SIZE) return;
    if (start > 0) await session.learn({ keeps: "nothing" });
    else if (keeps === undefined) await session.learn({ keeps: "parts" });
  }

  /** Decides what a refusal means: smaller parts, a new token, another try, or the end. */
  async #consider(session: UploadSession, step: Step, response: Response): Promise<void> {
    const { status } = response;
    const { signal } = this.#sending;
    if (await this.#learnsLimit(step, response) || this.#getsNewToken(status)) {
      await discard(response);
      this.#session = undefined;
      return;
    }
    const error = await this.#channel.error(response, "write", this.#sending.blob.digest);
    if (await this.#learnsWholeOnly(step, error)) {
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

  /**
   * Whether a refusal of a body for its size teaches that this registry wants smaller ones. That it
   * takes no parts may have been learned long ago, or wrongly: it counts when this upload saw it.
   */
  async #learnsLimit({ start, end }: Step, { status }: Response): Promise<boolean> {
    // Some say 416 for it; but to what does not begin at the start that has its own meaning.
    const refused = status === 413 || status === 416 && start === 0;
    if (!refused || this.#sawWholeOnly) return false;
    const { session } = this.#channel;
    const largestBody = smallerBody(end - start, await session.limits());
    if (largestBody === undefined) return false;
    await session.learn({ largestBody, wholeOnly: undefined });
    return true;
  }

  /**
   * Whether a refusal teaches that this registry takes no parts, of whatever size: no limit of
   * bodies helps then.
   */
  async #learnsWholeOnly({ last }: Step, error: Error): Promise<boolean> {
    if (last || this.#sawWholeOnly || !(error instanceof UnsupportedError)) return false;
    this.#sawWholeOnly = true;
    await this.#channel.session.learn({ wholeOnly: true, largestBody: undefined });
    return true;
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
