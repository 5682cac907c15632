/**
 * One file from a hub: resumed, verified, and only then given its name.
 * @module
 */
import type { Hash } from "node:crypto";
import { IntegrityError, TransferError } from "../core/errors.ts";
import { lstatIfExists, removeIfExists, writeFully } from "../core/files.ts";
import { explainWrite } from "../core/file_errors.ts";
import { fileSource } from "../core/file_source.ts";
import type { OperationOptions, ProgressEvent } from "../core/operation.ts";
import { parentOf } from "../archive/safe_path.ts";
import type { TargetFolder } from "../archive/target_folder.ts";
import { quote } from "../core/text.ts";
import { checkContent, type ContentCheck, contentCheck } from "./content_check.ts";
import type { PlannedFile } from "./download_plan.ts";
import type { HubClient } from "./client.ts";
import {
  DEFAULT_ATTEMPTS,
  DEFAULT_STALL_TIME,
  faultReason,
  isFault,
  waitToRetry,
} from "./retry.ts";

/** What a download of one file needs besides the file. */
export interface FileDownloadContext {
  /** Gets the bytes. */
  readonly client: HubClient;
  /** Receives the file. */
  readonly target: TargetFolder;
  /** Stops and reports. */
  readonly options: OperationOptions;
}

/** A file that is in the folder now. */
export interface DownloadedFile {
  /** Path in the folder, with forward slashes. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** Whether it was there before. */
  readonly present: boolean;
}

/** Bytes on their way into the incomplete file. */
interface PartialFile {
  readonly file: Deno.FsFile;
  /** Bytes written so far. */
  position: number;
  /** Hash over them. */
  hash: Hash | undefined;
  /** Whether bytes of an earlier run are among them. */
  resumed: boolean;
}

/** A download of one file. */
export class FileDownload {
  readonly #file: PlannedFile;
  readonly #context: FileDownloadContext;
  readonly #check: ContentCheck | undefined;
  readonly #path: string;
  readonly #partialPath: string;
  /** The version of the content that the first bytes came from, where the server says one. */
  #etag: string | undefined;
  #size: number | undefined;

  /** Prepares a download; nothing is read or written. */
  constructor(file: PlannedFile, context: FileDownloadContext) {
    this.#file = file;
    this.#context = context;
    this.#check = contentCheck(file.file);
    this.#size = file.file.size;
    this.#path = context.target.resolve(file.path);
    this.#partialPath = context.target.resolve(file.partial);
  }

  /**
   * Makes sure that the file is in the folder.
   * @throws {IntegrityError} when what comes is not what the hub promised; nothing of it remains.
   * @throws {TransferError} when the connection is lost too often in a row.
   */
  async run(): Promise<DownloadedFile> {
    const { path } = this.#file;
    const present = await this.#presentSize();
    if (present !== undefined) {
      this.#report("skip", present);
      return { path, size: present, present: true };
    }
    try {
      const size = await this.#download();
      this.#report("done", size);
      return { path, size, present: false };
    } catch (error) {
      this.#report("fail", 0);
      throw explainWrite(this.#path, error);
    }
  }

  /** Size of the file when it is there and is, as far as the hub says, the same. */
  async #presentSize(): Promise<number | undefined> {
    const { target } = this.#context;
    // Without a size or a hash nothing tells an old file from the present one.
    if (this.#size === undefined || !await target.hasFile(this.#file.path)) return undefined;
    const source = await fileSource(this.#path);
    if (source.size !== this.#size) return undefined;
    if (this.#check === undefined) return source.size;
    const hash = await this.#hashFile(this.#path);
    return hash?.digest("hex") === this.#check.expected ? source.size : undefined;
  }

  async #download(): Promise<number> {
    const { target } = this.#context;
    const { path } = this.#file;
    await target.ensureFolder(parentOf(path), { of: path });
    await target.ensureReplaceable(path);
    await target.ensureReplaceable(this.#file.partial);
    try {
      const size = await this.#fill();
      await Deno.rename(this.#partialPath, this.#path);
      return size;
    } catch (error) {
      // What cannot be verified later cannot be completed later either.
      if (this.#check === undefined || error instanceof IntegrityError) {
        await removeIfExists(this.#partialPath);
      }
      throw error;
    }
  }

  /** Completes the incomplete file and verifies it. */
  async #fill(): Promise<number> {
    const partial = await this.#open();
    using file = partial.file;
    this.#report("start", partial.position);
    await this.#receiveAll(partial);
    if (partial.resumed && !this.#isRight(partial)) {
      this.#context.client.log?.("info", `Starting ${this.#file.path} again: its part was wrong`);
      this.#restart(partial);
      await this.#receiveAll(partial);
    }
    if (this.#check !== undefined && partial.hash !== undefined) {
      checkContent(this.#check, partial.hash, this.#file.path);
    }
    await file.sync();
    return partial.position;
  }

  #isRight({ hash }: PartialFile): boolean {
    return hash?.copy().digest("hex") === this.#check?.expected;
  }

  /** Opens the incomplete file, with the bytes of an earlier run where they can be trusted later. */
  async #open(): Promise<PartialFile> {
    const info = await lstatIfExists(this.#partialPath);
    const resumable = this.#check !== undefined && info?.isFile === true &&
      info.size <= (this.#size ?? -1);
    if (info !== undefined && !resumable) await removeIfExists(this.#partialPath);
    const position = resumable ? info.size : 0;
    const hash = resumable ? await this.#hashFile(this.#partialPath) : this.#check?.start();
    const file = await Deno.open(this.#partialPath, { write: true, create: true });
    try {
      await file.seek(position, Deno.SeekMode.Start);
    } catch (error) {
      file.close();
      throw error;
    }
    return { file, position, hash, resumed: position > 0 };
  }

  #restart(partial: PartialFile): void {
    partial.file.truncateSync(0);
    partial.file.seekSync(0, Deno.SeekMode.Start);
    partial.position = 0;
    partial.hash = this.#check?.start();
    partial.resumed = false;
    this.#etag = undefined;
  }

  /** Receives until all bytes are there, from a new connection when one is lost. */
  async #receiveAll(partial: PartialFile): Promise<void> {
    const { client, options } = this.#context;
    const attempts = client.retry.attempts ?? DEFAULT_ATTEMPTS;
    // A server that never gives the last byte starts again and again: only new ground is progress.
    let farthest = partial.position;
    for (let failures = 0; partial.position !== this.#size;) {
      try {
        await this.#receive(partial);
        this.#size ??= partial.position;
        if (partial.position >= this.#size) return;
        throw new Error("the connection was cut");
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!isFault(error, options.signal) || isSystemError(error)) throw error;
        failures = partial.position > farthest ? 1 : failures + 1;
        farthest = Math.max(farthest, partial.position);
        const found = `${faultReason(error)} after ${partial.position} of ${
          this.#size ?? "unknown"
        } bytes`;
        if (failures >= attempts) throw this.#lost(found, partial.position);
        client.log?.("info", `Going on with ${this.#file.path}: ${found}`);
      }
      await waitToRetry(failures, { ...client.retry, signal: options.signal });
    }
  }

  async #receive(partial: PartialFile): Promise<void> {
    const { client, options } = this.#context;
    // Bytes of unknown content are only continued when the server says that it is still the same.
    const unsure = this.#check === undefined && this.#etag === undefined;
    if (partial.position > 0 && unsure) this.#restart(partial);
    const { url, headers } = await this.#file.file.request({ signal: options.signal });
    const response = await client.send(url, {
      headers: { ...headers, "Accept-Encoding": "identity", ...this.#rangeHeaders(partial) },
      accept: [416],
      signal: options.signal,
    });
    if (response.status === 416) {
      await response.body?.cancel();
      if (partial.position === 0) throw this.#lost("the server has no bytes of it", 0);
      return this.#restart(partial);
    }
    try {
      this.#agree(response, partial);
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    if (response.body !== null) await this.#write(response.body, partial);
  }

  #rangeHeaders({ position }: PartialFile): Record<string, string> {
    if (position === 0) return {};
    const range = { Range: `bytes=${position}-` };
    return this.#etag === undefined ? range : { ...range, "If-Range": this.#etag };
  }

  /** Finds out which bytes the server sends: those that were asked for, or all of them. */
  #agree(response: Response, partial: PartialFile): void {
    if (response.status === 206) {
      const range = response.headers.get("Content-Range") ?? "";
      const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
      if (Number(first) !== partial.position) {
        throw this.#lost(`got Content-Range ${quote(range)}`, partial.position);
      }
      if (total !== "*") this.#checkSize(Number(total));
      return;
    }
    if (partial.position > 0) this.#restart(partial);
    const etag = response.headers.get("ETag") ?? undefined;
    this.#etag = etag?.startsWith('"') ? etag : undefined;
    const length = response.headers.get("Content-Length");
    if (length !== null && !response.headers.has("Content-Encoding")) {
      this.#checkSize(Number(length));
    }
  }

  #checkSize(size: number): void {
    this.#size ??= size;
    if (size !== this.#size) throw this.#wrongSize(size);
  }

  async #write(body: ReadableStream<Uint8Array>, partial: PartialFile): Promise<void> {
    const { client, options } = this.#context;
    const limit = client.retry.stallTime ?? DEFAULT_STALL_TIME;
    for await (const chunk of inTime(body, limit, options.signal)) {
      options.signal?.throwIfAborted();
      if (partial.position + chunk.byteLength > (this.#size ?? Infinity)) {
        throw this.#wrongSize(`more than ${this.#size}`);
      }
      writeFully(partial.file, chunk);
      partial.hash?.update(chunk);
      partial.position += chunk.byteLength;
      this.#report("advance", partial.position);
    }
  }

  async #hashFile(path: string): Promise<Hash | undefined> {
    const { signal } = this.#context.options;
    const hash = this.#check?.start();
    for await (const chunk of await (await fileSource(path)).open({ signal })) hash?.update(chunk);
    return hash;
  }

  #report(state: ProgressEvent["state"], bytes: number): void {
    const { path } = this.#file;
    const size = this.#size ?? bytes;
    this.#context.options.progress?.({
      id: path,
      phase: "download",
      name: path,
      state,
      bytes,
      size,
    });
  }

  #lost(found: string, position: number): TransferError {
    return new TransferError(`Cannot download ${quote(this.#file.path)}: ${found}`, {
      path: this.#file.path,
      actual: position,
      ...(this.#size === undefined ? {} : { expected: this.#size }),
    });
  }

  #wrongSize(got: number | string): IntegrityError {
    const want = this.#size ?? 0;
    return new IntegrityError(
      `Cannot accept ${quote(this.#file.path)}: got ${got} bytes, want ${want}`,
      { path: this.#file.path, expected: want, actual: got },
    );
  }
}

/** Passes a stream on and takes the connection for lost when nothing comes for `limit` milliseconds. */
async function* inTime(
  body: ReadableStream<Uint8Array>,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await before(reader.read(), limit);
      if (done) return;
      yield value;
    }
  } finally {
    // A connection that broke already needs no closing, and has told its error.
    await reader.cancel(signal?.reason).catch(() => undefined);
  }
}

/** What a promise gives, or an error after so many milliseconds. */
async function before<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("nothing came any more")), milliseconds);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an error is the operating system's on our own file: another connection does not help. */
function isSystemError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" &&
    /^E(NOSPC|DQUOT|ROFS|ACCES|PERM|NOENT|ISDIR|FBIG|IO|NAMETOOLONG)$/.test(code);
}
