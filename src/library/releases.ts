/**
 * The releases of this program: a folder over HTTP, of which `latest/download/VERSION` names the
 * newest.
 * @module
 */
import { InvalidInputError, NotFoundError, TransferError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { quote, withoutEnd } from "../core/text.ts";
import { discard, readBody } from "../http/bodies.ts";
import { guarded } from "../http/private_guard.ts";
import { redirecting } from "../http/redirects.ts";
import { retrying } from "../http/retrying.ts";
import { createTransport } from "../http/transport.ts";
import { transportOptions } from "./registries.ts";
import type { NetworkSettings } from "./settings.ts";

/** Most bytes of a file that names a version: a page of an error is larger. */
const VERSION_LIMIT = 100;

/** A version as releases have it: three numbers, and what [SemVer](https://semver.org) allows. */
const VERSION = /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]{1,40}))?$/;

/**
 * The newest version that the releases at an address have, such as `1.2.0`.
 * @throws {InvalidInputError} when the address is no HTTP URL.
 * @throws {NotFoundError} when there are no releases at it.
 * @throws {TransferError} when it cannot be reached, or answers with something else.
 */
export async function newestVersion(
  settings: NetworkSettings,
  releases: string,
  { signal, log }: OperationOptions = {},
): Promise<string> {
  const url = versionUrl(releases);
  const { retry, allowPrivateRedirects } = settings;
  using network = createTransport({
    ...await transportOptions(settings),
    stallTime: retry?.stallTime,
  });
  const way = guarded(settings.transport ?? network.send, url, {
    isInside: settings.transport ? undefined : network.isInside,
    allowPrivateRedirects,
  });
  const send = retrying(redirecting(way), { ...retry, log });
  const response = await send(new Request(url, { signal }), { bodyLimit: VERSION_LIMIT });
  const what = `Cannot find the newest release at ${url.href}`;
  if (!response.ok) {
    // The page that says so to people may be long.
    await discard(response);
    if (response.status === 404) throw new NotFoundError(`${what}: there is none`);
    throw new TransferError(`${what}: status ${response.status}`);
  }
  const body = await readBody(response, { url: url.href, signal }, VERSION_LIMIT);
  const version = new TextDecoder().decode(body).trim();
  if (VERSION.test(version)) return version.replace(/^v/, "");
  throw new TransferError(`${what}: ${quote(version)} is no version`);
}

function versionUrl(releases: string): URL {
  const url = URL.parse(`${withoutEnd(releases, "/")}/latest/download/VERSION`);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
  throw new InvalidInputError(
    "Cannot look for releases: their address is no HTTP URL without credentials",
    { setting: "releases" },
  );
}

/**
 * Whether a version comes after another one: by its numbers, and a version that is marked as one
 * before a release (`1.0.0-rc.1`) comes before that release. Marks are compared as text.
 * @throws {InvalidInputError} when one of them is no version.
 */
export function isNewer(version: string, than: string): boolean {
  const [left, right] = [parts(version), parts(than)];
  const at = left.numbers.findIndex((number, index) => number !== right.numbers[index]);
  if (at >= 0) return left.numbers[at]! > right.numbers[at]!;
  if (left.mark === undefined || right.mark === undefined) {
    return left.mark === undefined && right.mark !== undefined;
  }
  return left.mark > right.mark;
}

function parts(version: string): { readonly numbers: number[]; readonly mark?: string } {
  const match = VERSION.exec(version);
  if (!match) throw new InvalidInputError(`Cannot compare ${quote(version)}: it is no version`);
  return { numbers: match.slice(1, 4).map(Number), mark: match[4] };
}
