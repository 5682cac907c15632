/**
 * An OCI registry over any catalog: a function from requests to responses, and a server for it.
 *
 * @example Serve a store in memory, and ask it whether it is there
 * ```ts
 * import { memoryCatalog } from "./src/oci/mod.ts";
 * import { createRegistryHandler } from "./src/server/mod.ts";
 *
 * const handle = createRegistryHandler(memoryCatalog(), { readOnly: true });
 * const answer = await handle(new Request("http://localhost/v2/"));
 * console.assert(answer.status === 200);
 * ```
 * @module
 */
export type { Authenticate } from "./access.ts";
export { formatListenAddress, type ListenAddress, parseListenAddress } from "./address.ts";
export {
  createRegistryHandler,
  type RegistryHandler,
  type RegistryServerOptions,
} from "./handler.ts";
export { htpasswdAuthenticator, type HtpasswdUsers, readHtpasswd } from "./htpasswd.ts";
export { listen, type ListenOptions, type RegistryListener } from "./listen.ts";
