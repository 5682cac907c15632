/**
 * Notes of large uploads: another run goes on with what one that was stopped has sent.
 * @module
 */
import type { Descriptor } from "../oci/descriptor.ts";
import type { UploadKey, UploadNote } from "./open_uploads.ts";
import type { Channel } from "./session.ts";
import { PART_SIZE } from "./upload_parts.ts";
import { UploadSession } from "./upload_session.ts";

/** An upload that an earlier run began. */
interface BegunUpload {
  readonly session: UploadSession;
  /** Bytes that the registry has kept. */
  readonly kept: number;
}

/** The note of a large blob's upload; small ones are sent again as fast as they are asked about. */
export async function openNote(
  channel: Channel,
  blob: Descriptor,
): Promise<UploadNote | undefined> {
  const { session } = channel;
  if (blob.size <= PART_SIZE || (await session.limits()).keeps === "nothing") return undefined;
  return await session.remembered(async () =>
    await session.openUploads?.open(noteKey(channel, blob), { log: session.log })
  );
}

/**
 * Forgets an upload of an earlier run whose blob the registry has: it was killed at its very end.
 */
export async function dropNote(channel: Channel, blob: Descriptor): Promise<void> {
  const { session } = channel;
  if (blob.size <= PART_SIZE) return;
  await session.remembered(async () => await session.openUploads?.drop(noteKey(channel, blob)));
}

/** The upload that is noted; `undefined` where the registry does not know it any more. */
export async function takeUpNoted(
  channel: Channel,
  blob: Descriptor,
  { note, signal }: { readonly note: UploadNote; readonly signal: AbortSignal | undefined },
): Promise<BegunUpload | undefined> {
  const { session: registry } = channel;
  const location = await registry.remembered(() => note.location());
  if (location === undefined) return undefined;
  try {
    const session = await UploadSession.at(channel, blob, { location, signal });
    const kept = await session.kept();
    if (typeof kept !== "number") return undefined;
    registry.log?.("info", `Going on with the upload of ${blob.digest}`, { kept });
    return { session, kept };
  } catch (error) {
    signal?.throwIfAborted();
    // What was noted is no promise: whatever is wrong with it, the upload begins again.
    registry.log?.("debug", "Cannot go on with an upload", { error: String(error) });
    return undefined;
  }
}

function noteKey({ session, path }: Channel, { digest }: Descriptor): UploadKey {
  return { registry: session.registry, repository: path, digest };
}
