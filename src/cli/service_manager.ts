/**
 * What a service manager, such as systemd, hears of a server that it has started: the datagrams of
 * `sd_notify`. See https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import type { Log } from "../core/operation.ts";
import { quote } from "../core/text.ts";
import type { Environment } from "../library/environment.ts";
import { every } from "../server/schedule.ts";

/** What a service manager says to what it starts. */
export interface ServiceSettings {
  /** Its socket: a path, or `@name` for one without a file. */
  readonly socket?: string;
  /** Microseconds after which it takes a silent service for dead. */
  readonly watchdog?: string;
  /** The process that it waits for; any when absent. */
  readonly watchdogProcess?: string;
}

/** The variables by which a service manager says it. */
export const SERVICE_VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;

/** Reads what a service manager says; what is empty is not set. */
export function serviceSettings(env: Environment): ServiceSettings {
  const [socket, watchdog, watchdogProcess] = SERVICE_VARIABLES.map((name) =>
    env[name] || undefined
  );
  return { socket, watchdog, watchdogProcess };
}

/** What is told to a service manager. What it cannot be told is a warning in the log. */
export interface ServiceManager extends AsyncDisposable {
  /** The service does what it is for. */
  ready(status: string): void;
  /** It was asked to stop, and ends what it has begun. */
  stopping(): void;
  /** Resolves when all is told; there are no signs of life any more. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Finds the service manager that started this process; where none did, nothing is told. */
export function serviceManager(
  { socket, watchdog, watchdogProcess }: ServiceSettings,
  log: Log,
): ServiceManager {
  const isWatched = watchdogProcess === undefined || isThisProcess(watchdogProcess, log);
  const interval = isWatched ? watchdogInterval(watchdog, log) : undefined;
  if (socket === undefined) return { ready() {}, stopping() {}, async [Symbol.asyncDispose]() {} };
  let watching: Disposable | undefined;
  let isHeard = true;
  let told = Promise.resolve();
  async function send(text: string): Promise<void> {
    if (!isHeard) return;
    try {
      await sendDatagram(socketPath(socket!), text);
    } catch (error) {
      // It will not be otherwise the next time, and one warning is enough.
      isHeard = false;
      log("warning", `Cannot notify the service manager at ${quote(socket!)}: ${reasonOf(error)}`);
    }
  }
  const tell = (...lines: string[]) => void (told = told.then(() => send(lines.join("\n"))));
  return {
    ready(status) {
      tell("READY=1", `STATUS=${status}`);
      if (interval !== undefined) watching = every(interval, () => tell("WATCHDOG=1"));
    },
    stopping: () => tell("STOPPING=1", "STATUS=Waiting for requests to end"),
    async [Symbol.asyncDispose]() {
      watching?.[Symbol.dispose]();
      await told;
    },
  };
}

/** Whether signs of life are wanted of this process, and not of another. */
function isThisProcess(text: string, log: Log): boolean {
  if (!/^[1-9][0-9]*$/.test(text)) {
    log("warning", `WATCHDOG_PID is ${quote(text)}, and no number of a process: no signs of life`);
  }
  return text === `${Deno.pid}`;
}

/** The longest wait of a timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Milliseconds between signs of life, half of the time that is allowed. */
function watchdogInterval(text: string | undefined, log: Log): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,19}$/.test(text)) {
    return Math.min(Math.max(1, Math.floor(Number(text) / 2000)), LONGEST);
  }
  log(
    "warning",
    `WATCHDOG_USEC is ${quote(text)}, and no number of microseconds: no signs of life`,
  );
  return undefined;
}

/** The address of a socket as the runtime takes it: names without a file begin with a zero. */
function socketPath(socket: string): string {
  if (/^\/./.test(socket)) return socket;
  if (/^@./.test(socket)) return `\0${socket.slice(1)}`;
  throw new InvalidInputError("it is neither a path nor a name such as @name");
}

/** Sends one datagram, from a socket of a name that nobody else has. */
async function sendDatagram(path: string, text: string): Promise<void> {
  // Deno has such sockets with --unstable-net, and Node never.
  if (Deno.listenDatagram === undefined) {
    throw new InvalidInputError(
      "this form of the program has no such sockets. " +
        "Start it with `deno run --unstable-net`, or let the unit be of Type=exec",
    );
  }
  const transport = "unixpacket";
  const own = Deno.listenDatagram({ transport, path: `\0modelops-${crypto.randomUUID()}` });
  try {
    await own.send(new TextEncoder().encode(text), { transport, path });
  } finally {
    own.close();
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "this run may not. It takes --allow-net without a list, and --allow-write of the socket";
  }
  if (error instanceof Deno.errors.NotFound) return "there is no such socket";
  if (error instanceof Deno.errors.ConnectionRefused) return "nobody listens there";
  return (error as Error).message;
}
