/**
 * What an upload teaches about its registry: how large bodies may be, whether it takes parts, and
 * what it keeps of them when a connection is lost. The session remembers it.
 * @module
 */
import { UnsupportedError } from "../core/errors.ts";
import type { RegistrySession } from "./session.ts";
import { PART_SIZE, smallerBody, type UploadStep } from "./upload_parts.ts";
import type { Kept } from "./upload_session.ts";

/** Learns from what happens to one upload. */
export class UploadLessons {
  readonly #session: RegistrySession;
  #sawWholeOnly = false;

  /** Begins with what the session of the registry has learned before. */
  constructor(session: RegistrySession) {
    this.#session = session;
  }

  /**
   * Takes note of what a lost connection cost: a body, or the parts before it as well. What turns
   * out to be kept after all is no longer taken to be lost.
   */
  async lost(kept: Kept, { start, end }: UploadStep): Promise<void> {
    const session = this.#session;
    const { keeps } = await session.limits();
    if (typeof kept === "number") {
      const more = keeps === "nothing" ? kept > 0 : kept > start;
      if (keeps !== undefined && more) await session.learn({ keeps: undefined });
      return;
    }
    if (kept !== "gone" || end - start <= PART_SIZE) return;
    if (start > 0) await session.learn({ keeps: "nothing" });
    else if (keeps === undefined) await session.learn({ keeps: "parts" });
  }

  /**
   * Whether a refusal of a body for its size teaches that this registry wants smaller ones. That it
   * takes no parts may have been learned long ago, or wrongly: it counts when this upload saw it.
   */
  async isTooLarge({ start, end }: UploadStep, { status }: Response): Promise<boolean> {
    // Some say 416 for it; but to what does not begin at the start that has its own meaning.
    const refused = status === 413 || status === 416 && start === 0;
    if (!refused || this.#sawWholeOnly) return false;
    const largestBody = smallerBody(end - start, await this.#session.limits());
    if (largestBody === undefined) return false;
    await this.#session.learn({ largestBody, wholeOnly: undefined });
    return true;
  }

  /**
   * Whether a refusal teaches that this registry takes no parts, of whatever size: no limit of
   * bodies helps then.
   */
  async takesNoParts({ last }: UploadStep, error: Error): Promise<boolean> {
    if (last || this.#sawWholeOnly || !(error instanceof UnsupportedError)) return false;
    this.#sawWholeOnly = true;
    await this.#session.learn({ wholeOnly: true, largestBody: undefined });
    return true;
  }
}
