/**
 * Settings of an Azure storage account that cannot be used.
 * @module
 */
import { type ErrorFacts, InvalidInputError, type SettingFact } from "../core/errors.ts";

/** The error for settings; what was found shows no secret. */
export function unusable(found: string, advice: SettingFact | ErrorFacts = {}): InvalidInputError {
  const facts = typeof advice === "string" ? { setting: advice } : advice;
  return new InvalidInputError(`Cannot use "Azure Blob Storage": ${found}`, facts);
}
