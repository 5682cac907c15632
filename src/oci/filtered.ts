/**
 * A view of a store that shows only some of its tags and content.
 * @module
 */
import { AccessDeniedError } from "../core/errors.ts";
import { type ContentStore, missing } from "./store.ts";
import { wrapped } from "./wrapped.ts";

/** Whether a tag, or the content of a digest, may be seen. */
export type Visible = (tagOrDigest: string) => boolean;

/**
 * The part of a store that may be seen; the rest is missing, as if it had never been written. What
 * could not be seen afterwards is refused with an {@linkcode AccessDeniedError}, save the content
 * of an ingest, whose digest is known too late: it is taken, and not shown.
 */
export function filtered(store: ContentStore, visible: Visible): ContentStore {
  const find = <Name extends string>(name: Name): Name => {
    if (!visible(name)) throw missing(store, name);
    return name;
  };
  const admit = (name: string): void => {
    if (visible(name)) return;
    throw new AccessDeniedError(
      `Cannot write ${name} to ${store.name}: it is not to be seen there`,
    );
  };
  const {
    stat,
    origin,
    mount,
    referrers,
    delete: remove,
    untag,
    filePath,
    read,
    toFile,
    writeTagged,
    earlier,
    ...others
  } = store.capabilities ?? {};
  return wrapped(store, {
    has: async (blob, options) => visible(blob.digest) && await store.has(blob, options),
    async open(blob, options) {
      find(blob.digest);
      return await store.open(blob, options);
    },
    async write(blob, source, options) {
      admit(blob.digest);
      await store.write(blob, source, options);
    },
    async resolve(target, options) {
      const found = await store.resolve(find(target), options);
      find(found.digest);
      return found;
    },
    async tag(manifest, tag, options) {
      admit(tag);
      find(manifest.digest);
      await store.tag(manifest, tag, options);
    },
    tags: (options) => matching(store.tags(options), visible),
    capabilities: {
      ...others,
      stat: stat && (async (digest, options) => await stat(find(digest), options)),
      origin: origin && ((blob) => visible(blob.digest) ? origin(blob) : undefined),
      mount: mount && (async (blob, from, options) => {
        admit(blob.digest);
        return await mount(blob, from, options);
      }),
      referrers: referrers &&
        ((subject, options) =>
          matching(referrers(subject, options), ({ digest }) => visible(digest))),
      delete: remove && (async (blob, options) => {
        find(blob.digest);
        await remove(blob, options);
      }),
      writeTagged: writeTagged && (async (manifest, source, tag, options) => {
        admit(tag);
        admit(manifest.digest);
        await writeTagged(manifest, source, tag, options);
      }),
      earlier: earlier &&
        (async (tag, options) =>
          (await earlier(find(tag), options)).filter(({ digest }) => visible(digest))),
      untag: untag && (async (tag, options) => await untag(find(tag), options)),
      read: read && (async (blob, limit) => {
        find(blob.digest);
        return await read(blob, limit);
      }),
      toFile: toFile &&
        (async (blob, path, options) => {
          find(blob.digest);
          return await toFile(blob, path, options);
        }),
      filePath: filePath && ((blob) => {
        find(blob.digest);
        return filePath(blob);
      }),
    },
  });
}

async function* matching<Item>(
  items: AsyncIterable<Item>,
  test: (item: Item) => boolean,
): AsyncGenerator<Item, void> {
  for await (const item of items) if (test(item)) yield item;
}
