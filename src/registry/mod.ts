/**
 * The client of OCI registries: repositories as stores, logins, retries, proxies.
 *
 * @example Ask a registry, which answers in this program, for its tags
 * ```ts
 * import assert from "node:assert/strict";
 * import { memoryCatalog } from "@modelops/modelops/oci";
 * import { RegistryClient } from "@modelops/modelops/registry";
 * import { createRegistryHandler } from "@modelops/modelops/server";
 *
 * await using client = new RegistryClient({ transport: createRegistryHandler(memoryCatalog()) });
 * const repository = client.repository("registry.example.com/models/demo");
 * assert.deepEqual(await Array.fromAsync(repository.tags()), []);
 * ```
 * @module
 */
export { type RateLimit, rateLimit } from "../core/rate_limit.ts";
export type { Lateness } from "../core/waiting/earned_time.ts";
export type { Retry, RetryPolicy } from "../core/retry.ts";
export type { DragonflySettings } from "../http/dragonfly/settings.ts";
export type { ProxySettings } from "../http/proxies.ts";
export type {
  AnswerHints,
  AuthorityPlaces,
  Transport,
  TransportOptions,
} from "../http/transport_options.ts";
export type { Connect, ConnectOptions } from "../oci/connect.ts";
export type { HelperOptions } from "./auth/credential_helpers.ts";
export type { Credentials, CredentialSource, PasswordCredentials } from "./auth/credentials.ts";
export { firstCredentials, fixedCredentials } from "./auth/credentials.ts";
export { configFileCredentials, type ConfigFileOptions } from "./auth/login_files.ts";
export { RegistryClient } from "./client.ts";
export type { RegistryClientOptions } from "./client_options.ts";
export { RegistryRepository } from "./repository.ts";
