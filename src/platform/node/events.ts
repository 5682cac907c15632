/**
 * Errors that reach nobody, as events of the process.
 * @module
 */

interface Events {
  readonly error: { readonly error: unknown };
  readonly unhandledrejection: { readonly reason: unknown };
}

/** Has a function told of errors that reach nobody; with one, they do not end the process. */
export function addEventListener<Name extends keyof Events>(
  name: Name,
  listener: (event: Events[Name] & { preventDefault(): void }) => void,
): void {
  const tell = (error: unknown) =>
    listener(
      { error, reason: error, preventDefault() {} } as unknown as Parameters<typeof listener>[0],
    );
  process.on(name === "error" ? "uncaughtException" : "unhandledRejection", tell);
}
