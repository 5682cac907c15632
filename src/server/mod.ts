/**
 * An OCI registry over any catalog: a function from requests to responses, and a server for it.
 *
 * @example Serve a store in memory, and ask it whether it is there
 * ```ts
 * import assert from "node:assert/strict";
 * import { memoryCatalog } from "@modelops/modelops/oci";
 * import { createRegistryHandler } from "@modelops/modelops/server";
 *
 * const handle = createRegistryHandler(memoryCatalog(), { readOnly: true });
 * const answer = await handle(new Request("http://localhost/v2/"));
 * assert.equal(answer.status, 200);
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
export {
  htpasswdAuthenticator,
  htpasswdFileAuthenticator,
  type HtpasswdFileOptions,
  type HtpasswdUsers,
  readHtpasswd,
} from "./passwords/htpasswd.ts";
export type { PatienceLimits } from "./http1/patience.ts";
export {
  type Answered,
  type Client,
  type Handler,
  listen,
  type ListenOptions,
  type RegistryListener,
  type ServerTls,
} from "./listen.ts";
