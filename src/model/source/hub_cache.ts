/**
 * Models in the cache of the Hugging Face libraries: a folder `models--owner--name` with the files
 * under their digests in `blobs/`, the revisions as folders of links in `snapshots/`, and the
 * revisions of branches in `refs/`.
 * See https://hf.co/docs/huggingface_hub/guides/manage-cache
 * @module
 */
import { basename, dirname, join, resolve } from "../../core/runtime/path.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { explainRead } from "../../core/file_errors.ts";
import { readTextIfExists } from "../../core/files.ts";
import { quote } from "../../core/text.ts";

/** A revision of a model in the cache. */
export interface HubSnapshot {
  /** The folder of its files. */
  readonly folder: string;
  /** Name of the model, without its owner. */
  readonly name: string;
  /** The commit on the hub. */
  readonly revision: string;
  /** Where it is on the hub. */
  readonly url: string;
}

/** Name of the folder of a model; names may have single hyphens in a row, and no more. */
const MODEL_FOLDER = /^(models|datasets)--(?:([\w.-]+?)--)?([\w.-]+)$/;

/** A revision as the name of a folder. */
const REVISION = /^[\w][\w.-]{0,127}$/;

/**
 * What a path is in the cache: a model, of which the branch `main` or the only snapshot is meant,
 * or a snapshot of one. `undefined` for every other folder.
 * @throws {InvalidInputError} when the cache has several snapshots, and does not say which is
 * meant.
 */
export async function hubSnapshot(path: string): Promise<HubSnapshot | undefined> {
  const given = resolve(path);
  const isSnapshot = basename(dirname(given)) === "snapshots";
  const model = isSnapshot ? dirname(dirname(given)) : given;
  const [, kind, owner, name] = MODEL_FOLDER.exec(basename(model)) ?? [];
  if (name === undefined) return undefined;
  const revision = isSnapshot ? basename(given) : await meantRevision(model, path);
  if (revision === undefined) return undefined;
  const repository = owner === undefined ? name : `${owner}/${name}`;
  const place = kind === "datasets" ? `datasets/${repository}` : repository;
  const folder = join(model, "snapshots", revision);
  return { folder, name, revision, url: `https://huggingface.co/${place}` };
}

async function meantRevision(model: string, path: string): Promise<string | undefined> {
  const main = await branchMain(model);
  const snapshots = await snapshotsOf(model);
  if (main !== undefined && snapshots.includes(main)) return main;
  const [first, ...others] = snapshots;
  if (others.length === 0) return first;
  throw new InvalidInputError(
    `Cannot package ${quote(path)}: it has ${snapshots.length} snapshots, and refs/main names none`,
    { path, remedy: `name one of them: ${join(path, "snapshots", first ?? "")}` },
  );
}

async function branchMain(model: string): Promise<string | undefined> {
  const path = join(model, "refs", "main");
  const text = await readTextIfExists(path).catch((error) => {
    throw explainRead(path, error);
  });
  const revision = text?.trim();
  return revision !== undefined && REVISION.test(revision) ? revision : undefined;
}

async function snapshotsOf(model: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(join(model, "snapshots"))) {
      if (isDirectory && REVISION.test(name)) names.push(name);
    }
  } catch (error) {
    // A folder of such a name need not be one of the cache.
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.NotADirectory)) {
      throw explainRead(model, error);
    }
  }
  return names.sort();
}
