/**
 * Functions of the language that Node 20 does not have. What is built for Node gets them in place
 * of the globals, which stay as they are: this may be a library in somebody else's program.
 * @module
 */
import { availableParallelism } from "node:os";

/** `Promise.withResolvers`. */
export function withResolvers<Value>(): PromiseWithResolvers<Value> {
  const made = {} as PromiseWithResolvers<Value>;
  made.promise = new Promise<Value>((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** `Array.fromAsync`. */
export async function fromAsync<Value, Result = Value>(
  values: AsyncIterable<Value> | Iterable<Value | PromiseLike<Value>>,
  map: (value: Value, index: number) => Result | PromiseLike<Result> = (value) =>
    value as unknown as Result,
): Promise<Result[]> {
  const found: Result[] = [];
  for await (const value of values) found.push(await map(value, found.length));
  return found;
}

/** `Map.groupBy`. */
export function groupBy<Value, Key>(
  values: Iterable<Value>,
  keyOf: (value: Value, index: number) => Key,
): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  let index = 0;
  for (const value of values) {
    const key = keyOf(value, index++);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** `URL.parse`. */
export function parseUrl(text: string | URL, base?: string | URL): URL | null {
  return URL.canParse(text, base) ? new URL(text, base) : null;
}

/** `RegExp.escape`: a pattern that finds the text and nothing else. */
export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replaceAll("-", "\\x2d");
}

/** Base64 whose last letters may be padded, or not. */
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** `Uint8Array.fromBase64`. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const letters = text.replace(/\s/g, "");
  if (!BASE64.test(letters)) throw new SyntaxError("The text is not base64");
  return new Uint8Array(Buffer.from(letters, "base64"));
}

/** `navigator.hardwareConcurrency`. */
export const hardwareConcurrency: number = availableParallelism();

/** `AsyncDisposableStack`, as far as the product uses it. */
export class AsyncDisposableStack implements AsyncDisposable {
  #used: Partial<AsyncDisposable & Disposable>[] = [];

  /** Has something disposed with this one. */
  use<Value extends Partial<AsyncDisposable & Disposable>>(value: Value): Value {
    this.#used.push(value);
    return value;
  }

  /** A stack that disposes what this one would have: this one has nothing left. */
  move(): AsyncDisposableStack {
    const moved = new AsyncDisposableStack();
    moved.#used = this.#used.splice(0);
    return moved;
  }

  /** Disposes all, the last one first; the first failure is thrown when that is done. */
  async disposeAsync(): Promise<void> {
    const failures: unknown[] = [];
    for (let value; (value = this.#used.pop()) !== undefined;) {
      try {
        await (value[Symbol.asyncDispose] ?? value[Symbol.dispose])?.call(value);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disposeAsync();
  }
}

/** `DisposableStack`, as far as the product uses it. */
export class DisposableStack implements Disposable {
  #used: Disposable[] = [];

  /** Has something disposed with this one. */
  use<Value extends Disposable>(value: Value): Value {
    this.#used.push(value);
    return value;
  }

  /** A stack that disposes what this one would have: this one has nothing left. */
  move(): DisposableStack {
    const moved = new DisposableStack();
    moved.#used = this.#used.splice(0);
    return moved;
  }

  /** Disposes all, the last one first; the first failure is thrown when that is done. */
  dispose(): void {
    const failures: unknown[] = [];
    for (let value; (value = this.#used.pop()) !== undefined;) {
      try {
        value[Symbol.dispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
