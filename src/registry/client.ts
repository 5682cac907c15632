/**
 * The registry client: everything that is shared among the repositories that a program talks to.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { quote } from "../core/text.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import { isRegistryHost, isRepositoryName, type Reference } from "../oci/reference.ts";
import type { Catalog } from "../oci/store.ts";
import { discard } from "../http/bodies.ts";
import { canonicalHost } from "./auth/credentials.ts";
import type { Network, RegistryClientOptions } from "./client_options.ts";
import { listNames } from "./pagination.ts";
import { RegistryRepository } from "./repository.ts";
import { RegistrySession } from "./session.ts";
import { offloaded } from "../work/remote_body.ts";
import { daemonOptions, dragonflySettings } from "../http/dragonfly/options.ts";
import { Dragonfly } from "../http/dragonfly/dragonfly.ts";
import type { DragonflySettings } from "../http/dragonfly/settings.ts";
import { createTransport } from "../http/transport.ts";
import type { TransportOptions } from "../http/transport_options.ts";

/**
 * Talks to registries. It keeps connections, tokens and what it learned about each registry until
 * it is disposed, once for each way of reaching it.
 */
export class RegistryClient implements AsyncDisposable {
  readonly #options: RegistryClientOptions;
  readonly #sessions = new Map<string, RegistrySession>();
  readonly #networks = new Map<string, Network>();
  readonly #daemons = new Map<string, Dragonfly>();
  readonly #resources = new DisposableStack();

  /**
   * Makes a client; nothing is sent before the first request.
   * @throws {InvalidInputError} when a certificate, a key or a proxy cannot be used.
   */
  constructor(options: RegistryClientOptions = {}) {
    this.#options = options;
    this.#network(options);
  }

  /**
   * Asks a registry whether it is there and knows the user: what a login has to find out.
   * @throws {AccessDeniedError} when it refuses the credentials, or wants some and there are none.
   * @throws {NotFoundError} when nothing at this host speaks the API of registries.
   */
  async ping(registry: string, options: OperationOptions & ConnectOptions = {}): Promise<void> {
    const session = this.#session(registry, options);
    const response = await session.send("GET", "/v2/", { signal: options.signal });
    if (!response.ok) throw await session.error(response, `reach registry ${quote(registry)}`);
    await discard(response);
  }

  /**
   * The repository that a reference, or a name with its host, points to; it need not exist.
   * @throws {InvalidInputError} when the name is none of a repository.
   */
  repository(
    name: string | Pick<Reference, "registry" | "repository">,
    options: ConnectOptions = {},
  ): RegistryRepository {
    if (typeof name !== "string") {
      return new RegistryRepository(this.#session(name.registry, options), name.repository);
    }
    const slash = name.indexOf("/");
    const session = this.#session(name.slice(0, Math.max(slash, 0)), options);
    return new RegistryRepository(session, name.slice(slash + 1));
  }

  /** {@linkcode RegistryClient.repository} as a function that can be handed around. */
  readonly connect = (
    reference: Pick<Reference, "registry" | "repository">,
    options: ConnectOptions = {},
  ): RegistryRepository => this.repository(reference, options);

  /** A registry seen as a catalog, whose names carry no host. */
  catalog(registry: string, options: ConnectOptions = {}): Catalog {
    const session = this.#session(registry, options);
    return {
      repository: (name) => new RegistryRepository(session, name),
      repositories: (options) =>
        listNames(session, "/v2/_catalog", {
          signal: options?.signal,
          action: `list the repositories of ${quote(session.registry)}`,
          key: "repositories",
          what: `catalog of ${session.registry}`,
          accept: isRepositoryName,
        }),
    };
  }

  /** Closes all connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#resources.dispose();
    return Promise.resolve();
  }

  #session(registry: string, options: ConnectOptions): RegistrySession {
    if (!isRegistryHost(registry)) {
      throw new InvalidInputError(`Cannot use registry ${quote(registry)}: it is not a host`);
    }
    const host = canonicalHost(registry);
    const plainHttp = options.plainHttp ?? this.#options.plainHttp;
    const insecure = options.insecure ?? this.#options.insecure;
    const proxy = options.proxy ?? this.#options.proxy;
    const dragonfly = dragonflySettings(options, this.#options.dragonfly);
    const key = JSON.stringify([host, plainHttp, insecure, proxy, dragonfly]);
    let session = this.#sessions.get(key);
    if (!session) {
      const network = {
        ...this.#network({ insecure, proxy }),
        dragonfly: dragonfly && this.#daemon(dragonfly),
      };
      session = new RegistrySession(host, network, { ...this.#options, plainHttp, insecure });
      this.#sessions.set(key, session);
    }
    return session;
  }

  #daemon(settings: DragonflySettings): Dragonfly {
    const key = JSON.stringify(settings);
    let daemon = this.#daemons.get(key);
    if (!daemon) {
      const { transport, retry, log } = this.#options;
      const way = daemonOptions({ ...this.#options, stallTime: retry?.stallTime });
      const send = transport ??
        offloaded(this.#resources.use(createTransport(way)).send, way, log);
      this.#daemons.set(key, daemon = new Dragonfly(settings, { transport: send, retry, log }));
    }
    return daemon;
  }

  #network({ insecure, proxy }: Pick<TransportOptions, "insecure" | "proxy">): Network {
    const { transport, ...options } = { ...this.#options, insecure, proxy };
    if (transport) return { home: transport, away: transport };
    const key = JSON.stringify([insecure, proxy]);
    let network = this.#networks.get(key);
    if (!network) {
      const shared = { ...options, stallTime: options.retry?.stallTime };
      const { send, isInside, speaksTls } = this.#resources.use(createTransport(shared));
      const home = offloaded(send, shared, options.log);
      const bare = { ...shared, cert: undefined, key: undefined };
      // The user's certificate is shown to registries, not to whoever they point to.
      const away = options.cert
        ? offloaded(this.#resources.use(createTransport(bare)).send, bare, options.log)
        : home;
      this.#networks.set(key, network = { home, away, isInside, speaksTls });
    }
    return network;
  }
}
