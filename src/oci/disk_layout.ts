/**
 * Where everything lies in the local store.
 *
 * The tree is the one that the CNCF Distribution registry keeps on a file system, so that a stock
 * registry can serve the folder and existing stores keep working. Host names, ports included, are
 * the first component of a repository's name.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { type Digest, digestAlgorithm, digestHex } from "../core/digest.ts";
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { isTag } from "./reference.ts";

const COMPONENT = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;

/** IPv6 hosts are written as Windows writes them in paths, for lack of brackets in the alphabet. */
const IPV6_SUFFIX = ".ipv6-literal.net";
const IPV6_LITERAL = /^([0-9a-fA-F.-]+)\.ipv6-literal\.net(:\d+)?$/;

/** The folder of a tag's links to all that it names or named. */
const INDEX = "index";

/** Folders of the links to layers and configurations, and of those to manifests. */
export type MemberKind = "_layers" | "_manifests/revisions";

/** The paths of a store whose root is `<storage-dir>/content.v1`. */
export class DiskLayout {
  /** Folder of the registry tree. */
  readonly root: string;
  /** Folder of all repositories. */
  readonly repositories: string;
  readonly #windows: boolean;
  #last: { readonly name: string; readonly folder: string } | undefined;

  /** Describes the tree below `contentDir`; on Windows, colons in names are encoded. */
  constructor(contentDir: string, os: string = Deno.build.os) {
    this.root = join(contentDir, "docker", "registry", "v2");
    this.repositories = join(this.root, "repositories");
    this.#windows = os === "windows";
  }

  /** Folder of all blobs of one algorithm. */
  blobs(algorithm: string): string {
    return join(this.root, "blobs", algorithm);
  }

  /** Folder of one blob. */
  blobFolder(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.blobs(digestAlgorithm(digest)), hex.slice(0, 2), hex);
  }

  /** File of one blob's bytes. */
  blobData(digest: Digest): string {
    return join(this.blobFolder(digest), "data");
  }

  /**
   * Folder of a repository.
   * @throws {InvalidInputError} when the name cannot be a path below the repositories.
   */
  repository(name: string): string {
    // Links of one repository are looked for thousands of times in a row.
    if (this.#last?.name !== name) {
      this.#last = { name, folder: join(this.repositories, ...this.#encode(name)) };
    }
    return this.#last.folder;
  }

  /** The name of the repository whose folder has these path components. */
  repositoryName(components: readonly string[]): string {
    const [host = "", ...path] = components;
    const plain = this.#windows ? host.replaceAll("%3A", ":") : host;
    const literal = IPV6_LITERAL.exec(plain);
    const decoded = literal ? `[${plainAddress(literal[1]!)}]${literal[2] ?? ""}` : plain;
    return [decoded, ...path].join("/");
  }

  /** Link that makes content a member of a repository. */
  memberLink(name: string, kind: MemberKind, digest: Digest): string {
    return join(this.memberLinks(name, kind, digestAlgorithm(digest)), digestHex(digest), "link");
  }

  /** Folder of a repository's links of one kind and digest algorithm. */
  memberLinks(name: string, kind: MemberKind, algorithm: string): string {
    return join(this.repository(name), kind, algorithm);
  }

  /** Folder of a repository's tags. */
  tags(name: string): string {
    return join(this.repository(name), "_manifests", "tags");
  }

  /**
   * Folder of one tag.
   * @throws {InvalidInputError} when `tag` is not a tag.
   */
  tag(name: string, tag: string): string {
    if (!isTag(tag)) throw new InvalidInputError(`Cannot use ${quote(tag)} as a tag`);
    return join(this.tags(name), tag);
  }

  /** A note on what a tag names: the digest that came from the registry. */
  tagPulled(repository: string, tag: string): string {
    return join(this.tag(repository, tag), "pulled");
  }

  /** Link to the manifest that a tag names now. */
  tagCurrent(name: string, tag: string): string {
    return currentLink(this.tag(name, tag));
  }

  /** Link of a manifest that a tag names or named; its time is that when it was given the tag. */
  tagIndex(name: string, tag: string, digest: Digest): string {
    return indexLink(this.tag(name, tag), digest);
  }

  /** Folder of the links of one digest algorithm to what a tag names or named. */
  tagIndexes(name: string, tag: string, algorithm: string): string {
    return join(this.tag(name, tag), INDEX, algorithm);
  }

  /** Folder of what tells whose turn it is to receive a blob. */
  get turns(): string {
    return join(this.root, "_turns");
  }

  /** Folder of a repository's unfinished uploads. */
  uploads(name: string): string {
    return join(this.repository(name), "_uploads");
  }

  #encode(name: string): string[] {
    const [host = "", ...path] = name.split("/");
    const literal = /^\[([0-9a-fA-F:.]+)\](:\d+)?$/.exec(host);
    const encoded = literal ? `${windowsLiteral(literal[1]!)}${literal[2] ?? ""}` : host;
    const components = [encoded, ...path];
    if (!components.every((component) => COMPONENT.test(component))) {
      throw new InvalidInputError(`Cannot use ${quote(name)} as a repository name`);
    }
    return this.#windows ? components.map((part) => part.replaceAll(":", "%3A")) : components;
  }
}

/** An IPv6 address as Windows writes it. No part of a host ends with "-", as "::" would. */
function windowsLiteral(address: string): string {
  const dashed = address.replaceAll(":", "-").replace(/^--/, "0--").replace(/--$/, "--0");
  return dashed + IPV6_SUFFIX;
}

/** The address that {@linkcode windowsLiteral} was given. */
function plainAddress(dashed: string): string {
  return dashed.replace(/^0--/, "--").replace(/--0$/, "--").replaceAll("-", ":");
}

/** In the folder of a tag, the link to the manifest that it names now. */
export function currentLink(folder: string): string {
  return join(folder, "current", "link");
}

/** In the folder of a tag, the link of a manifest that it names or named. */
export function indexLink(folder: string, digest: Digest): string {
  return join(folder, INDEX, digestAlgorithm(digest), digestHex(digest), "link");
}
