/**
 * Checks of passwords, which are slow by design: on other cores, a few at once, and no client may
 * keep the others waiting. Right ones are remembered for a while.
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import { pLimit } from "../../deps/p-limit.ts";
import { runTask } from "../../work/pool.ts";
import { RegistryFault } from "../fault.ts";

/** Milliseconds for which a right password is not checked again. */
const REMEMBERED_TIME = 10 * 60 * 1000;

/** Right credentials that are remembered. */
const REMEMBERED_LIMIT = 1024;

/** Checks that wait or run at once: in all, and for one address. */
const PENDING_LIMIT = 64;
const PENDING_LIMIT_OF_ADDRESS = 4;

/** A name and a password as they came. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** How passwords are checked. */
export interface PasswordChecksOptions {
  /** Whether a password has a hash; bcrypt on another core when absent. */
  readonly compare?: (password: string, hash: string) => Promise<boolean>;
  /** The time now in milliseconds, which never goes back. */
  readonly now?: () => number;
}

/** Checks passwords and remembers the right ones, by a hash whose key nobody else has. */
export class PasswordChecks {
  readonly #compare: (password: string, hash: string) => Promise<boolean>;
  readonly #now: () => number;
  readonly #secret = randomBytes(32);
  /** When credentials were found to be right, by their keyed hash. */
  readonly #right = new Map<string, number>();
  /** Checks under way: a client's parallel requests share one. */
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #runningOf = new Map<string, number>();
  readonly #turns = pLimit(Math.max(1, navigator.hardwareConcurrency - 1));

  /** Makes the checks of one server. */
  constructor(options: PasswordChecksOptions = {}) {
    this.#compare = options.compare ?? compareElsewhere;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Whether the password has the hash.
   * @throws {RegistryFault} of status 429 when too many are checked, or too many from one address.
   */
  async check(credentials: Credentials, hash: string, address = ""): Promise<boolean> {
    const { username, password } = credentials;
    const key = createHmac("sha256", this.#secret)
      .update(JSON.stringify([username, password, hash])).digest("base64");
    if (this.#isRemembered(key)) return true;
    const running = this.#running.get(key) ?? this.#start(key, { password, hash, address });
    return await running;
  }

  #start(
    key: string,
    { password, hash, address }: Record<"password" | "hash" | "address", string>,
  ): Promise<boolean> {
    const ofAddress = this.#runningOf.get(address) ?? 0;
    if (this.#running.size >= PENDING_LIMIT || ofAddress >= PENDING_LIMIT_OF_ADDRESS) {
      throw new RegistryFault("TOOMANYREQUESTS", { headers: { "retry-after": "1" } });
    }
    this.#runningOf.set(address, ofAddress + 1);
    const check = this.#turns(() => this.#compare(password, hash))
      .then((matches) => {
        if (matches) this.#remember(key);
        return matches;
      })
      .finally(() => {
        this.#running.delete(key);
        this.#release(address);
      });
    this.#running.set(key, check);
    return check;
  }

  #release(address: string): void {
    const left = (this.#runningOf.get(address) ?? 1) - 1;
    if (left > 0) this.#runningOf.set(address, left);
    else this.#runningOf.delete(address);
  }

  #isRemembered(key: string): boolean {
    const since = this.#right.get(key);
    if (since === undefined) return false;
    if (this.#now() - since < REMEMBERED_TIME) return true;
    this.#right.delete(key);
    return false;
  }

  #remember(key: string): void {
    this.#right.set(key, this.#now());
    const [oldest] = this.#right.keys();
    if (this.#right.size > REMEMBERED_LIMIT && oldest !== undefined) this.#right.delete(oldest);
  }
}

function compareElsewhere(password: string, hash: string): Promise<boolean> {
  return runTask("comparePassword", { password, hash }, { size: Infinity });
}
