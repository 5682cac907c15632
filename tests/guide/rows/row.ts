/** A row of a guide's table: command lines, and what must be true when they have run. @module */
import assert from "node:assert/strict";
import type { CommandResult } from "../../support/command.ts";
import { type GuideWorld, type ScriptOptions, told } from "../world.ts";

/** Where the command lines of a guide run. */
export interface ScriptWorld {
  /** Runs a script; its first failure ends it. */
  run(script: string, options?: ScriptOptions): Promise<CommandResult>;
}

/** Command lines that run. */
export interface RunnableRow<World extends ScriptWorld = GuideWorld> {
  /** Position in the list of what the guide promises. */
  readonly number: number;
  /** The command lines as the guide writes them. */
  readonly commands: string;
  /** What is run instead, where the lines cannot run as they are written; `differs` says why. */
  readonly script?: string | (() => string);
  /** How what runs differs from what is written. */
  readonly differs?: string;
  /** Variables that the guide sets elsewhere. */
  readonly env?: ScriptOptions["env"];
  /** Makes what the guide supposes. */
  readonly prepare?: (world: World) => Promise<unknown>;
  /** Fails when something is not as the guide promises. */
  check(world: World, result: CommandResult): Promise<void> | void;
}

/** Command lines that no machine like this one can run. */
export interface BlockedRow {
  readonly number: number;
  readonly commands: string;
  /** Why not. */
  readonly cannotRun: string;
}

/** A row of the table. */
export type Row<World extends ScriptWorld = GuideWorld> = RunnableRow<World> | BlockedRow;

/** Whether a row can run. */
export function isRunnable<World extends ScriptWorld>(row: Row<World>): row is RunnableRow<World> {
  return !("cannotRun" in row);
}

/** Runs a row: all its lines have to succeed, and then its check holds. */
export async function runRow<World extends ScriptWorld>(
  row: RunnableRow<World>,
  world: World,
): Promise<void> {
  await row.prepare?.(world);
  const { script = row.commands } = row;
  const text = typeof script === "string" ? script : script();
  const result = await world.run(text, { env: row.env });
  assert.equal(result.code, 0, told(text, result));
  await row.check(world, result);
}
