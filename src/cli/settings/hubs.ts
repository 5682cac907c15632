/**
 * How to reach model hubs, in the variables that the hubs' own tools read.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import type { HubAccess, HubSettings } from "../../library/downloads.ts";
import { type Environment, firstSet } from "../../library/environment.ts";
import type { CliContext } from "../context.ts";

/** What decides about hubs. */
type HubSource = Pick<CliContext, "env" | "home">;

/** Decides how to reach each hub. Nothing is read but the environment. */
export function hubSettings(source: HubSource): HubSettings {
  return {
    huggingface: huggingFace(source),
    modelscope: modelScope(source),
    mlflow: mlflow(source),
  };
}

/** The path of something in a folder, where there is the folder. */
export function below(folder: string | undefined, ...names: string[]): string | undefined {
  return folder === undefined ? undefined : join(folder, ...names);
}

/** A token without the spaces and line ends that files and pasting add to it. */
function tokenIn(env: Environment, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]?.trim()).find((value) => value);
}

function huggingFace({ env, home }: HubSource): HubAccess {
  const cache = firstSet(env, ["XDG_CACHE_HOME"]) ?? below(home, ".cache");
  const hubHome = firstSet(env, ["HF_HOME"]) ?? below(cache, "huggingface");
  const files = [
    firstSet(env, ["HF_TOKEN_PATH"]) ?? below(hubHome, "token"),
    below(home, ".huggingface", "token"),
  ];
  return {
    hubUrl: firstSet(env, ["HF_ENDPOINT"]),
    token: tokenIn(env, ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]),
    tokenFiles: files.filter((path) => path !== undefined),
  };
}

function modelScope({ env }: HubSource): HubAccess {
  return {
    hubUrl: urlOf(firstSet(env, ["MODELSCOPE_ENDPOINT", "MODELSCOPE_DOMAIN"])),
    token: tokenIn(env, ["MODELSCOPE_SDK_TOKEN", "MODELSCOPE_API_TOKEN"]),
    tokenFiles: [],
  };
}

/** The URL of a hub whose variable may have a host alone. */
function urlOf(address: string | undefined): string | undefined {
  return address === undefined || address.includes("://") ? address : `https://${address}`;
}

/**
 * MLflow's own server, or Databricks when that is what the tracking URI says or all that is set.
 */
function mlflow({ env }: HubSource): HubAccess {
  const tracking = firstSet(env, ["MLFLOW_TRACKING_URI"]);
  const onDatabricks = tracking === undefined || /^databricks(:|$)/.test(tracking);
  const prefix = onDatabricks ? "DATABRICKS" : "MLFLOW_TRACKING";
  const host = onDatabricks ? firstSet(env, ["DATABRICKS_HOST"]) : tracking;
  return {
    hubUrl: urlOf(host),
    token: tokenIn(env, [`${prefix}_TOKEN`]),
    username: firstSet(env, [`${prefix}_USERNAME`]),
    password: firstSet(env, [`${prefix}_PASSWORD`]),
    tokenFiles: [],
  };
}
