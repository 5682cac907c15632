/**
 * What whoever waits is told of another try.
 * @module
 */
import type { Retry } from "../../../core/retry.ts";
import type { TextSink } from "../../context.ts";
import { escapeControls, jsonLine } from "../format.ts";
import type { ProgressStyle } from "./style.ts";

/** `trying again, 2 of 5: the connection was cut` */
export function retryWords({ attempt, attempts, reason }: Retry): string {
  return `trying again, ${attempt} of ${attempts}: ${reason}`;
}

/** Tells of another try while no progress is on display, as before the first byte is known. */
export function showRetry(
  style: ProgressStyle,
  { stderr }: { readonly stderr: TextSink },
  retry: Retry,
): void {
  if (style === "none") return;
  stderr.write(style === "json" ? retryDocument(retry) : retryLine(retry));
}

/** A line of text for it. */
export function retryLine(retry: Retry): string {
  return `${escapeControls(`${retryWords(retry)} (${retry.what})`)}\n`;
}

/** A line of JSON for it. */
export function retryDocument(retry: Retry): string {
  return jsonLine({ state: "retry", ...retry });
}
