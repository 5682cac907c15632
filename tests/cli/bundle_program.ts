/** Commands of `modelops bundle`, run in a folder of their own. @module */
import assert from "node:assert/strict";
import type { TempFolder } from "../support/temp.ts";
import { type Finished, runIn, type RunOptions } from "./support.ts";

/** A local store and an object store in a folder, and the program over them. */
export class BundleProgram implements AsyncDisposable {
  readonly folder: TempFolder;
  /** How the program runs when nothing else is said. */
  readonly options: RunOptions;

  /** Takes a folder over; it is gone when this is disposed. */
  constructor(folder: TempFolder, options: RunOptions = {}) {
    this.folder = folder;
    this.options = options;
  }

  /** A path in the folder. */
  at(...parts: string[]): string {
    return this.folder.join(...parts);
  }

  /** Runs a command of `modelops bundle`. */
  async run(args: readonly string[], options = this.options): Promise<Finished> {
    return await this.program(["bundle", ...args], options);
  }

  /** Runs the program. */
  async program(args: readonly string[], options = this.options): Promise<Finished> {
    return await runIn(["--storage-dir", this.at("store"), ...args], {
      home: this.at("home"),
      ...options,
      env: {
        REGISTRY_REPO: "models",
        OBJECT_STORE: `file://${this.at("objects")}`,
        ...options.env,
      },
    });
  }

  /** Runs a command that has to succeed, and returns what it says. */
  async done(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}
