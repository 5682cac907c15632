/**
 * What a scheduler and daemons of Dragonfly are told that run on one machine, without a manager and
 * its databases. See https://d7y.io/docs/reference/configuration/scheduler/ and
 * https://d7y.io/docs/reference/configuration/client/dfdaemon/
 * @module
 */
import { join } from "node:path";

/** What is different for a daemon of a test. */
export interface DaemonSettings {
  /** The login of its proxy; everybody may ask when absent. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Requests a second that its proxy takes; the daemon's own limit when absent. */
  readonly requestsPerSecond?: number;
}

/** The ports that a daemon listens on. */
export interface DaemonPorts {
  /** The HTTP proxy. */
  readonly proxy: number;
  readonly upload: number;
  readonly storageTcp: number;
  readonly storageQuic: number;
  readonly metrics: number;
  readonly health: number;
  readonly stats: number;
}

const LOOPBACK = "127.0.0.1";

/** The scheduler's file. */
export function schedulerConfig(folder: string, port: number): unknown {
  return {
    server: {
      ...{ advertiseIP: LOOPBACK, advertisePort: port, listenIP: LOOPBACK, port },
      ...{ logDir: join(folder, "logs"), pluginDir: join(folder, "plugins") },
    },
    job: { enable: false },
    metrics: { enable: false },
  };
}

/** A daemon's file; daemons of one machine are told apart by the names that they have for it. */
export function daemonConfig(
  folder: string,
  ports: DaemonPorts,
  { name, login, requestsPerSecond }: DaemonSettings & { readonly name: string },
): unknown {
  const server = (port: number) => ({ server: { ip: LOOPBACK, port } });
  return {
    host: { hostname: name, ip: LOOPBACK },
    server: { pluginDir: join(folder, "plugins"), cacheDir: join(folder, "cache") },
    download: { server: { socketPath: join(folder, "dfdaemon.sock") } },
    upload: server(ports.upload),
    storage: {
      server: { ip: LOOPBACK, tcpPort: ports.storageTcp, quicPort: ports.storageQuic },
      dir: join(folder, "content"),
      keep: true,
    },
    proxy: {
      server: {
        ip: LOOPBACK,
        port: ports.proxy,
        ...(requestsPerSecond === undefined ? {} : { requestRateLimit: requestsPerSecond }),
        ...(login === undefined ? {} : { basicAuth: login }),
      },
    },
    metrics: server(ports.metrics),
    health: server(ports.health),
    stats: server(ports.stats),
  };
}
