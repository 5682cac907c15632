/**
 * The hosts that a guide names, on this machine: a proxy that leads each of them to a registry of
 * its own. Commands run as they are written, with `HTTP_PROXY` and `HTTPS_PROXY` in their
 * environment; nothing leaves the machine, because the proxy knows no other hosts.
 * @module
 */
import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";
import type { Duplex } from "node:stream";
import { type RegistryOptions, type RunningService, startRegistry } from "../support/registry.ts";
import { makeHostCertificate } from "./host_certificate.ts";

/** Registries with TLS, whose certificate is in {@linkcode GuideHosts.caFile}. */
export const TLS_HOSTS = [
  "myregistry.com",
  "dev-registry.com",
  "staging-registry.com",
  "prod-registry.com",
  "archive-registry.com",
  "test-registry.com",
  "registry.example.com",
] as const;

/** The registry without TLS, which the guide starts with `docker run -p 5000:5000 registry:2`. */
export const PLAIN_HOST = "localhost:5000";

/** What of a registry a row may choose. */
export interface HostOptions extends Pick<RegistryOptions, "htpasswd"> {
  /** Whether it speaks TLS; by its name when absent. */
  readonly tls?: boolean;
}

/** The hosts of a guide; disposing ends the proxy and every registry that was started. */
export class GuideHosts implements AsyncDisposable {
  /** The certificate of every host with TLS, as clients may trust it. */
  readonly caFile: string;
  readonly #keyFile: string;
  readonly #registries = new Map<string, Promise<RunningService>>();
  readonly #proxy: http.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #agent = new http.Agent({ keepAlive: false });

  private constructor(certificate: { certFile: string; keyFile: string }) {
    this.caFile = certificate.certFile;
    this.#keyFile = certificate.keyFile;
    this.#proxy = http.createServer((request, response) => void this.#forward(request, response));
    this.#proxy.on("connect", (request, socket) => void this.#tunnel(request, socket));
    this.#proxy.on("connection", (socket) => this.#keep(socket));
  }

  /** Starts the proxy; a registry is started when it is first asked for. */
  static async open(folder: string): Promise<GuideHosts> {
    const hosts = new GuideHosts(await makeHostCertificate(folder, TLS_HOSTS));
    hosts.#proxy.listen(0, "127.0.0.1");
    await once(hosts.#proxy, "listening");
    return hosts;
  }

  /** URL of the proxy. */
  get proxyUrl(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as net.AddressInfo).port}`;
  }

  /** Starts the registry of a host, in another way than the usual one. */
  async start(host: string, options: HostOptions): Promise<void> {
    if (this.#registries.has(host)) throw new Error(`The registry of ${host} runs already`);
    await this.#start(host, options);
  }

  /** Ends the registry of a host and forgets what it held. */
  async stop(host: string): Promise<void> {
    const registry = this.#registries.get(host);
    this.#registries.delete(host);
    await (await registry)?.[Symbol.asyncDispose]();
  }

  /** The registry of a host. */
  registry(host: string): Promise<RunningService> {
    return this.#registries.get(host) ?? this.#start(host, {});
  }

  #start(host: string, { tls = host !== PLAIN_HOST, htpasswd }: HostOptions) {
    const files = { certFile: this.caFile, keyFile: this.#keyFile };
    const started = startRegistry({ htpasswd, ...(tls ? { tls: files } : {}) });
    this.#registries.set(host, started);
    return started;
  }

  /** Host and port of the registry that a request is for; `undefined` for a host of no guide. */
  async #lookup(authority: string): Promise<net.TcpNetConnectOpts | undefined> {
    const host = authority.replace(/:443$/, "");
    if (host !== PLAIN_HOST && !(TLS_HOSTS as readonly string[]).includes(host)) return undefined;
    const url = new URL(`http://${(await this.registry(host)).address}`);
    return { host: url.hostname, port: Number(url.port) };
  }

  async #forward(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? "");
    const target = await this.#lookup(url?.host ?? "");
    if (url === null || target === undefined) return void response.writeHead(502).end();
    const { method, headers } = request;
    const path = url.pathname + url.search;
    const onward = http.request({ ...target, agent: this.#agent, method, headers, path });
    onward.on("error", () => response.destroy());
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  }

  async #tunnel(request: http.IncomingMessage, socket: Duplex): Promise<void> {
    const target = await this.#lookup(request.url ?? "");
    if (target === undefined) return void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    const onward = this.#keep(net.connect(target, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    }));
    onward.on("close", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  }

  /** Remembers a socket until it closes; one that fails closes, and its other end sees that. */
  #keep(socket: net.Socket): net.Socket {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    return socket;
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#proxy, "close");
    this.#proxy.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await closed;
    for (const host of [...this.#registries.keys()]) await this.stop(host);
  }
}
