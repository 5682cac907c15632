/**
 * Blobs to a registry.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 * @module
 */
import { IntegrityError, TransferError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource } from "../core/source.ts";
import { quote } from "../core/text.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { discard } from "../http/bodies.ts";
import { explainFault, isFault, SourceFailure } from "../http/faults.ts";
import { type Channel, PART_SIZE } from "./session.ts";
import { backoff, completePolicy, isRetriedStatus, pause } from "../core/retry.ts";
import { allowedRetryAfter } from "../http/retrying.ts";
import { toldDigest } from "./told_digest.ts";
import { UploadSession } from "./upload_session.ts";

/**
 * Sends a blob: as one body, or in parts where the registry turns out to want that. After a lost
 * connection it goes on where the registry says it stopped, else begins again; it gives up after as
 * many losses in a row as requests are tried, with no byte kept in between. The registry checks the
 * digest.
 * @throws {IntegrityError} when the source is not what the descriptor says.
 */
export async function upload(
  channel: Channel,
  blob: Descriptor,
  source: BlobSource,
  options: OperationOptions = {},
): Promise<void> {
  const sender = new BlobSender(channel, blob, source, options);
  try {
    await sender.run();
  } catch (error) {
    await sender.abandon(error);
    throw error instanceof SourceFailure ? error.error : error;
  }
}

/** Statuses by which registries refuse a body for its size. */
const TOO_LARGE = new Set([413, 416]);

/** The policy of an upload: what to send next, and what to do when that fails. */
class BlobSender {
  readonly #channel: Channel;
  readonly #blob: Descriptor;
  readonly #source: BlobSource;
  readonly #signal: AbortSignal | undefined;
  #session: UploadSession | undefined;
  /** Bytes the registry has kept. */
  #offset = 0;
  /** Losses since the registry last kept a byte. */
  #failures = 0;
  #renewedToken = false;
  #mayResume = true;
  #resumed = false;

  constructor(channel: Channel, blob: Descriptor, source: BlobSource, options: OperationOptions) {
    this.#channel = channel;
    this.#blob = blob;
    this.#source = source;
    this.#signal = options.signal;
  }

  /** Sends until the registry has the blob. */
  async run(): Promise<void> {
    for (;;) {
      this.#session ??= await this.#start();
      if (!this.#session || await this.#advance(this.#session)) return;
    }
  }

  /** Lets the registry forget what it kept of an upload that is given up. */
  async abandon(error: unknown): Promise<void> {
    const unreachable = error instanceof TransferError && error.facts.status === undefined;
    if (!this.#session || unreachable) return;
    try {
      await this.#session.cancel();
    } catch (failure) {
      // The first error is the one to report; the registry forgets the session by itself.
      this.#channel.session.log?.("debug", "Cannot cancel an upload", { failure: String(failure) });
    }
  }

  /** Opens a session; `undefined` when there is nothing left to send. */
  async #start(): Promise<UploadSession | undefined> {
    this.#offset = 0;
    this.#resumed = false;
    if (this.#failures > 0) {
      // What was lost may have been only the answer to the last byte.
      const parts = { signal: this.#signal };
      const response = await this.#channel.send("HEAD", `blobs/${this.#blob.digest}`, parts);
      await discard(response);
      if (response.ok) return undefined;
    }
    return await UploadSession.open(this.#channel, this.#blob, this.#signal);
  }

  /** Sends what comes next; `true` when that was all and the registry took it. */
  async #advance(session: UploadSession): Promise<boolean> {
    const { size } = this.#blob;
    const limited = size > this.#channel.session.quirks.wholeLimit;
    const whole = this.#offset === 0 && !limited;
    const last = whole || this.#offset === size;
    const end = limited && !last ? Math.min(size, this.#offset + session.partSize) : size;
    const span = { start: this.#offset, end };
    const sending = last ? session.finish(this.#source, span) : session.append(this.#source, span);
    const response = await this.#answer(sending);
    if (!response) await this.#recover(session);
    else if (!response.ok) await this.#consider(session, response);
    else if (last) await this.#check(response);
    else await this.#proceed(response, end);
    return last && response?.ok === true;
  }

  /** The answer to a request; `undefined` after a lost connection. */
  async #answer(sending: Promise<Response>): Promise<Response | undefined> {
    try {
      return await sending;
    } catch (error) {
      this.#signal?.throwIfAborted();
      const lost = error instanceof TransferError || isFault(error, this.#signal);
      if (error instanceof SourceFailure || !lost) throw error;
      await this.#countFailure(error);
      return undefined;
    }
  }

  async #proceed(response: Response, offset: number): Promise<void> {
    await discard(response);
    this.#offset = offset;
    this.#failures = 0;
  }

  /** Finds out how far the registry got; a session that cannot say so is given up. */
  async #recover(session: UploadSession): Promise<void> {
    const kept = this.#mayResume ? await session.kept() : undefined;
    if (kept === undefined) {
      this.#session = undefined;
      return;
    }
    if (kept > this.#offset) this.#failures = 0;
    this.#offset = kept;
    this.#resumed = true;
  }

  /** Waits before another try, or gives up. */
  async #countFailure(error: unknown, response?: Response): Promise<void> {
    const { retry, registry } = this.#channel.session;
    const policy = completePolicy(retry);
    if (++this.#failures >= policy.attempts) throw error;
    const asked = response && allowedRetryAfter(response, { policy, host: registry });
    const wait = asked ?? backoff(this.#failures, policy);
    policy.onRetry({
      what: this.#blob.digest,
      attempt: this.#failures + 1,
      attempts: policy.attempts,
      reason: response ? `status ${response.status}` : explainFault(error).reason,
      wait,
    });
    await pause(wait, policy, this.#signal);
  }

  /** Decides what a refusal means: smaller parts, a new token, another try, or the end. */
  async #consider(session: UploadSession, response: Response): Promise<void> {
    const { status } = response;
    if (this.#learnsPartSize(status) || this.#getsNewToken(status)) {
      await discard(response);
      this.#session = undefined;
      return;
    }
    const error = await this.#channel.error(response, "write", this.#blob.digest);
    if (!this.#mayGoOn(status, error)) throw error;
    await this.#countFailure(error, response);
    await this.#recover(session);
  }

  /** Whether a refusal of the whole blob teaches that this registry wants parts. */
  #learnsPartSize(status: number): boolean {
    const { quirks } = this.#channel.session;
    const { size } = this.#blob;
    const refused = TOO_LARGE.has(status) && this.#offset === 0;
    if (!refused || size > quirks.wholeLimit || size <= PART_SIZE) return false;
    quirks.wholeLimit = PART_SIZE;
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
    const misplaced = error instanceof IntegrityError && this.#resumed;
    if (misplaced) this.#mayResume = false;
    return misplaced;
  }

  /** Checks the answer to the last bytes. */
  async #check(response: Response): Promise<void> {
    const { digest } = this.#blob;
    this.#session = undefined;
    // Only "created" means that the blob exists.
    if (response.status !== 201) throw await this.#channel.error(response, "write", digest);
    await discard(response);
    const told = toldDigest(response.headers);
    if (told === null || told === digest) return;
    const actual = told.slice(0, 200);
    const name = quote(`${this.#channel.name}@${digest}`);
    throw new IntegrityError(
      `Cannot write ${name}: the registry stored it as ${quote(actual)}`,
      { registry: this.#channel.session.registry, expected: digest, actual },
    );
  }
}
