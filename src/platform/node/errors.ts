/**
 * The errors of the system, in Deno's classes.
 * @module
 */

/**
 * An error of the operating system: the class says which; so does `code`, in the system's words.
 */
class SystemError extends Error {
  /** The system's name of the error, such as `ENOENT`, where it comes from the system. */
  readonly code?: string;
}

class AddrInUse extends SystemError {}
class AddrNotAvailable extends SystemError {}
class AlreadyExists extends SystemError {}
class BadResource extends SystemError {}
class BrokenPipe extends SystemError {}
class Busy extends SystemError {}
class ConnectionAborted extends SystemError {}
class ConnectionRefused extends SystemError {}
class ConnectionReset extends SystemError {}
class FilesystemLoop extends SystemError {}
class Interrupted extends SystemError {}
class InvalidData extends SystemError {}
class IsADirectory extends SystemError {}
class NetworkUnreachable extends SystemError {}
class NotADirectory extends SystemError {}
/** Node has no permissions of its own, so that nothing throws this; it is asked for everywhere. */
class NotCapable extends SystemError {}
class NotConnected extends SystemError {}
class NotFound extends SystemError {}
class NotSupported extends SystemError {}
class PermissionDenied extends SystemError {}
class TimedOut extends SystemError {}
class UnexpectedEof extends SystemError {}
class WouldBlock extends SystemError {}

/** The classes by name, as `Deno.errors` has them. */
export const errors = {
  AddrInUse,
  AddrNotAvailable,
  AlreadyExists,
  BadResource,
  BrokenPipe,
  Busy,
  ConnectionAborted,
  ConnectionRefused,
  ConnectionReset,
  FilesystemLoop,
  Interrupted,
  InvalidData,
  IsADirectory,
  NetworkUnreachable,
  NotADirectory,
  NotCapable,
  NotConnected,
  NotFound,
  NotSupported,
  PermissionDenied,
  TimedOut,
  UnexpectedEof,
  WouldBlock,
} as const satisfies Partial<typeof Deno.errors>;

// By their names they are known in other threads; what is built has other names of classes.
for (const [name, { prototype }] of Object.entries(errors)) {
  Object.defineProperty(prototype, "name", { value: name, writable: true });
}

/** The class of each code of the system; what is not here stays the plain error that it is. */
const CLASSES: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = {
  EACCES: PermissionDenied,
  EADDRINUSE: AddrInUse,
  EADDRNOTAVAIL: AddrNotAvailable,
  EAGAIN: WouldBlock,
  EBADF: BadResource,
  EBUSY: Busy,
  ECONNABORTED: ConnectionAborted,
  ECONNREFUSED: ConnectionRefused,
  ECONNRESET: ConnectionReset,
  EEXIST: AlreadyExists,
  EHOSTUNREACH: NetworkUnreachable,
  EINTR: Interrupted,
  EISDIR: IsADirectory,
  ELOOP: FilesystemLoop,
  ENETUNREACH: NetworkUnreachable,
  ENOENT: NotFound,
  ENOTCONN: NotConnected,
  ENOTDIR: NotADirectory,
  EPERM: PermissionDenied,
  EPIPE: BrokenPipe,
  ETIMEDOUT: TimedOut,
  // What Node says of a stream that this side has closed.
  ERR_SOCKET_CLOSED: BadResource,
  ERR_STREAM_DESTROYED: BadResource,
  ERR_STREAM_WRITE_AFTER_END: BrokenPipe,
};

/** An error of Node in the class that Deno has for it; any other error as it is. */
export function translated(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SystemError) return error;
  const code = "code" in error ? String(error.code) : "";
  const Known = CLASSES[code];
  if (Known === undefined) return error;
  const made = new Known(error.message, { cause: error.cause });
  return Object.assign(made, /^E[A-Z0-9]+$/.test(code) && { code });
}

/** Does what may fail as Node does it, and throws as Deno does. */
export function attempt<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw translated(error);
  }
}

/** {@linkcode attempt}, of work that takes its time. */
export async function attemptAsync<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw translated(error);
  }
}
