/**
 * Stores that take down what they are given, and write nothing.
 * @module
 */
import { type Digest, EMPTY_DIGEST } from "../../core/digest.ts";
import { ifFound } from "../../core/errors.ts";
import type { BlobSource } from "../../core/content/source.ts";
import { readAll } from "../../core/streams.ts";
import { capability, type StoreCapabilities } from "../../oci/capabilities.ts";
import type { Connect } from "../../oci/connect.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { MANIFEST_SIZE_LIMIT, parseManifest } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media_types.ts";
import { anonymousBlob, type ContentStore, readManifest } from "../../oci/store.ts";
import { wrapped } from "../../oci/wrapped.ts";
import type { LocalModels, ModelRepository } from "../stores.ts";
import type { NotedPlace, Notes } from "./notes.ts";

/** The local store, with repositories that take down what they are given. */
export function rehearsedLocal(local: LocalModels, notes: Notes): LocalModels {
  const opened = new Map<string, ModelRepository>();
  const open = (name: string): ModelRepository => {
    const below = local.repository(name);
    const tags = new Set<string>();
    const store = rehearsed(below, notes, { onTag: (tag) => tags.add(tag) });
    return {
      ...store,
      knows: async (target) => tags.has(target) || await below.knows(target),
      wasPulled: (tag) => below.wasPulled(tag),
      notePulled: async () => {},
    };
  };
  return {
    repository: (name) => remembered(opened, name, () => open(name)),
    // Nothing is built up that prune could take apart.
    deferPrune: async () => ({ [Symbol.asyncDispose]: async () => {} }),
  };
}

/** Registries whose repositories take down what they are given. */
export function rehearsedRemote(connect: Connect, notes: Notes): Connect {
  return async (reference, options) => rehearsed(await connect(reference, options), notes);
}

function remembered<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/** What was given to a store that writes nothing. */
interface Taken {
  readonly descriptor: Descriptor;
  readonly source: BlobSource;
}

/** A store that takes down what it is given, and has it from then on; `below` stays as it is. */
function rehearsed(
  below: ContentStore,
  notes: Notes,
  { onTag }: { readonly onTag?: (tag: string) => void } = {},
): ContentStore {
  const taken = new Map<Digest, Taken>();
  const tags = new Map<string, Descriptor>();
  const known = new Set<Digest>();
  const place = () => notedPlace(below, notes);
  const store: ContentStore = wrapped(below, {
    async has(blob, options) {
      if (taken.has(blob.digest)) return true;
      known.add(blob.digest);
      if (!await below.has(blob, options)) return false;
      notes.content("keep", place(), blob);
      if (!isManifestType(blob.mediaType)) return true;
      const document = await readManifest(below, blob, options);
      notes.listed(document);
      return true;
    },
    open: async (blob, options) =>
      await (taken.get(blob.digest)?.source.open(options) ?? below.open(blob, options)),
    async write(descriptor, source, options = {}) {
      // Documents are written without a look: what is there is told all the same.
      if (!known.has(descriptor.digest) && await store.has(descriptor, options)) return;
      taken.set(descriptor.digest, { descriptor, source });
      noteWritten(below, notes, { descriptor, source });
      if (!isManifestType(descriptor.mediaType)) return;
      const { signal } = options;
      const bytes = await readAll(await source.open({ signal }), MANIFEST_SIZE_LIMIT);
      notes.listed(parseManifest(bytes, descriptor.mediaType));
    },
    resolve: async (target, options) =>
      tags.get(target) ?? taken.get(target as Digest)?.descriptor ??
        await below.resolve(target, options),
    async tag(descriptor, tag, options) {
      const before = (await ifFound(below.resolve(tag, options)))?.digest;
      tags.set(tag, descriptor);
      onTag?.(tag);
      const { digest } = descriptor;
      const action = before === digest ? "keep" : before === undefined ? "create" : "replace";
      const replaces = action === "replace" ? { replaces: before } : {};
      const { name } = place();
      notes.step({ action, kind: "tag", name: tag, place: name, size: 0, digest, ...replaces });
    },
    capabilities: rehearsedCapabilities(below, notes),
  });
  return store;
}

/** What a rehearsed store can do: all that reads, and mounting, which moves nothing. */
function rehearsedCapabilities(
  below: ContentStore,
  notes: Notes,
): Partial<StoreCapabilities> {
  const { stat, origin, referrers, toFile, filePath, elsewhere } = below.capabilities ?? {};
  const mounts = capability(below, "mount") !== undefined;
  return {
    stat,
    origin,
    referrers,
    toFile,
    filePath,
    elsewhere,
    async mount(descriptor, from) {
      const isOnePlace = mounts && origin?.(descriptor)?.place === from.place;
      if (isOnePlace) notes.content("keep", notedPlace(below, notes), descriptor);
      return isOnePlace;
    },
  };
}

function noteWritten(
  below: ContentStore,
  notes: Notes,
  { descriptor, source: { isLocal } }: Taken,
): void {
  const place = notedPlace(below, notes);
  const room = capability(below, "roomFor")?.(descriptor);
  notes.content(room?.bytes === 0 ? "keep" : "create", place, descriptor);
  place.needed += room?.bytes ?? 0;
  if (isLocal) place.shareable += room?.bytes ?? 0;
}

function notedPlace(below: ContentStore, notes: Notes): NotedPlace {
  const { name } = below;
  const room = capability(below, "roomFor");
  if (room === undefined) return notes.place({ kind: "registry", name });
  return notes.place({ kind: "local store", name, folder: room(NOTHING).folder });
}

/** A content that takes no room. */
const NOTHING: Descriptor = anonymousBlob(EMPTY_DIGEST, 0);
