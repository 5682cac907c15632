/**
 * What a compiled program may do: it asks for nothing else, and nobody can allow it more.
 * @module
 */
import { SERVICE_VARIABLES } from "../../src/cli/service_manager.ts";
import { resolveSettings } from "../../src/cli/settings/global.ts";
import type { Environment } from "../../src/library/environment.ts";
import { BUNDLE_VARIABLES } from "../../src/library/variables.ts";

/** The variables by which Azure's library finds an identity. */
const AZURE_VARIABLES = [
  "AUTHORITY_HOST",
  "CLIENT_CERTIFICATE_PASSWORD",
  "CLIENT_CERTIFICATE_PATH",
  "CLIENT_ID",
  "CLIENT_SECRET",
  "CLIENT_SEND_CERTIFICATE_CHAIN",
  "FEDERATED_TOKEN_FILE",
  "PASSWORD",
  "POD_IDENTITY_AUTHORITY_HOST",
  "REGIONAL_AUTHORITY_NAME",
  "TENANT_ID",
  "TOKEN_CREDENTIALS",
  "USERNAME",
].map((name) => `AZURE_${name}`);

/** What decides where the user's files and the colours of a terminal are. */
const SYSTEM_VARIABLES = ["HOME", "USERPROFILE", "PATH", "SystemRoot", "NO_COLOR", "TERM"];

/** The variables that settings are read from: both kinds of an MLflow server have theirs. */
export function settingVariables(): string[] {
  const names = new Set<string>(["SOURCE_DATE_EPOCH"]);
  for (const tracking of [undefined, "http://mlflow.test"]) {
    const env = new Proxy<Environment>({}, {
      get(_target, name) {
        names.add(String(name));
        return name === "MLFLOW_TRACKING_URI" ? tracking : undefined;
      },
    });
    resolveSettings({}, { env, cwd: "/", home: "/", stderr: { isTerminal: true } });
  }
  return [...names];
}

/** The flags of `deno compile` and `deno run`. */
export function permissionFlags(): string[] {
  const variables = [
    ...new Set([
      ...settingVariables(),
      ...BUNDLE_VARIABLES,
      ...AZURE_VARIABLES,
      ...SYSTEM_VARIABLES,
      ...SERVICE_VARIABLES,
    ]),
  ];
  return [
    "--allow-read", // workspaces, stores and configuration lie where the user says
    "--allow-write", // stores, extracted models and saved credentials
    "--allow-net", // any registry, and the address that `serve` listens on
    `--allow-env=${variables.sort().join(",")}`,
    "--ignore-env", // packages look at others, as `DEBUG`: to them they are not set
    "--allow-run", // credential helpers, whose names stand in Docker's configuration
    "--allow-sys", // the user's home folder, and the owner of files that are packed
    "--no-prompt",
  ];
}
