/**
 * Registries as they are read: through the mirrors that the files of this machine name.
 * @module
 */
import { AccessDeniedError } from "../core/errors.ts";
import { completePolicy, type RetryPolicy } from "../core/retry.ts";
import { quote } from "../core/text.ts";
import type { TransportOptions } from "../http/transport_options.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import type { Catalog, ContentStore } from "../oci/store.ts";
import type { RegistryClient } from "../registry/client.ts";
import { readMirrorRules } from "../registry/mirrors/files.ts";
import { mirrored, type ReadPlace } from "../registry/mirrors/mirrored.ts";
import {
  type MirrorRule,
  placeAt,
  type RepositoryPlace,
  ruleFor,
} from "../registry/mirrors/rules.ts";
import { openRegistries } from "./registries.ts";
import type { CredentialSettings, NetworkSettings, OpenOptions } from "./settings.ts";

/** Opens repositories; disposing closes the connections. */
export interface Registries extends AsyncDisposable {
  /**
   * The repository of a registry, read through its mirrors.
   * @throws {AccessDeniedError} when a file of this machine blocks it.
   */
  connect(place: RepositoryPlace, options: ConnectOptions): ContentStore;
  /** A registry seen as a catalog, asked itself: mirrors have what was asked for, and no more. */
  catalog(registry: string, options: ConnectOptions): Catalog;
}

/** Makes the connector to registries and their mirrors. */
export async function openMirroredRegistries(
  settings: NetworkSettings & CredentialSettings,
  options: OpenOptions & { readonly network?: TransportOptions } = {},
): Promise<Registries> {
  const { mirrors: files = {} } = settings;
  const rules = await readMirrorRules(files, options.log);
  const connections = new AsyncDisposableStack();
  const client = connections.use(await openRegistries(settings, options));
  const catalog = (registry: string, access: ConnectOptions) => client.catalog(registry, access);
  if (rules.length === 0) {
    return {
      connect: (place, access) => client.connect(place, access),
      catalog,
      [Symbol.asyncDispose]: () => connections.disposeAsync(),
    };
  }
  const others = connections.use(await openRegistries(forOthers(settings), options));
  const registries = new MirroredRegistries(rules, { client, others, log: options.log });
  return {
    connect: (place, access) => registries.connect(place, access),
    catalog,
    [Symbol.asyncDispose]: () => connections.disposeAsync(),
  };
}

/** Milliseconds of silence after which another place is asked. */
const MIRROR_SILENCE = 30_000;

/**
 * How places are asked that have others beside them: a login that names no registry is for the one
 * that was named, and what does not answer is left sooner.
 */
function forOthers<Settings extends NetworkSettings & CredentialSettings>(
  settings: Settings,
): Settings {
  const { attempts, stallTime } = completePolicy(settings.retry);
  const retry: RetryPolicy = {
    ...settings.retry,
    attempts: Math.min(attempts, 2),
    stallTime: Math.min(stallTime, MIRROR_SILENCE),
  };
  const isNamed = settings.loginRegistry !== undefined;
  return isNamed
    ? { ...settings, retry }
    : { ...settings, username: undefined, password: undefined, retry };
}

interface Clients extends OpenOptions {
  /** For the registries that references name. */
  readonly client: RegistryClient;
  /** For all other places. */
  readonly others: RegistryClient;
}

class MirroredRegistries {
  readonly #rules: readonly MirrorRule[];
  readonly #clients: Clients;

  constructor(rules: readonly MirrorRule[], clients: Clients) {
    this.#rules = rules;
    this.#clients = clients;
  }

  connect(place: RepositoryPlace, options: ConnectOptions): ContentStore {
    const { client, others } = this.#clients;
    const rule = ruleFor(this.#rules, place);
    if (rule === undefined) return client.connect(place, options);
    if (rule.blocked) throw blocked(place, rule);
    const access = { ...options, insecure: options.insecure ?? (rule.insecure || undefined) };
    const home = client.connect(place, access);
    const moved = rule.location === undefined ? place : placeAt(rule.location, rule, place);
    const isHome = moved.registry === place.registry && moved.repository === place.repository;
    const origin = isHome
      ? home
      : (moved.registry === place.registry ? client : others).connect(moved, access);
    const mirrors = options.mirror === false ? [] : this.#mirrorsOf(rule, place, options);
    return isHome && mirrors.length === 0 ? home : mirrored({ home, origin, mirrors });
  }

  #mirrorsOf(rule: MirrorRule, place: RepositoryPlace, options: ConnectOptions): ReadPlace[] {
    const { others, log } = this.#clients;
    return rule.mirrors.flatMap(({ location, insecure, use }) => {
      const there = placeAt(location, rule, place);
      const itsRule = ruleFor(this.#rules, there);
      if (itsRule?.blocked) {
        log?.("info", `Leaving out the mirror ${location}: ${quote(itsRule.file)} blocks it`);
        return [];
      }
      const access = { ...options, plainHttp: undefined, insecure: insecure || undefined };
      return [{ use, open: () => others.connect(there, access) }];
    });
  }
}

function blocked({ registry, repository }: RepositoryPlace, rule: MirrorRule): AccessDeniedError {
  const name = `${registry}/${repository}`;
  return new AccessDeniedError(
    `Cannot use ${quote(name)}: ${quote(rule.prefix)} is blocked in ${quote(rule.file)}`,
    { registry, reference: name, path: rule.file, remedy: `look at ${rule.file}` },
  );
}
