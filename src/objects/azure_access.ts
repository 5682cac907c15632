/**
 * Where an Azure storage account is, and with what it is entered.
 *
 * No message of this file shows a key, a signature or a connection string.
 * @module
 */
import type { InvalidInputError } from "../core/errors.ts";
import { quote, withoutEnd } from "../core/text.ts";
import { unusable } from "./azure_unusable.ts";
import { parseConnectionString } from "./connection_string.ts";

/** An Azure storage account as a user configures it. */
export interface AzureSettings {
  /** Name of the storage account. */
  readonly account?: string;
  /** Key of the account (Shared Key). */
  readonly key?: string;
  /** Shared access signature, with or without its leading question mark. */
  readonly sas?: string;
  /** Account, credential and endpoint in one string; excludes `key` and `sas`. */
  readonly connectionString?: string;
  /** Address of the Blob service, where it is not the public cloud's. */
  readonly endpoint?: string;
  /** Whether to log in as Microsoft Entra ID finds this user or machine. */
  readonly identity?: boolean;
}

/** With what an account is entered. */
export type AzureCredential =
  | { readonly kind: "key"; readonly account: string; readonly key: string }
  | { readonly kind: "sas"; readonly sas: string }
  | { readonly kind: "identity" };

/** An account that can be entered. */
export interface AzureAccess {
  /** Address of the account's Blob service, without query and trailing slash. */
  readonly url: string;
  /** With what it is entered. */
  readonly credential: AzureCredential;
}

/** Whether the settings have anything to enter an account with. */
export function hasAzureCredential(settings: AzureSettings | undefined): boolean {
  return Boolean(
    settings?.connectionString || settings?.key || settings?.sas || settings?.identity,
  );
}

/**
 * What the settings say, checked.
 * @throws {InvalidInputError} when something is missing, malformed or contradictory.
 */
export function azureAccess(settings: AzureSettings): AzureAccess {
  refuseQuotes(settings);
  if (!settings.connectionString) return accessOf(settings);
  if (settings.key || settings.sas) {
    throw unusable(
      "a connection string and an account key or SAS are both set",
      "azureOneLogin",
    );
  }
  const stated = parseConnectionString(settings.connectionString);
  if (settings.endpoint) return accessOf({ ...stated, endpoint: settings.endpoint });
  // The endpoint of a connection string is the account's own, whatever its form.
  return entered(endpointUrl(stated.endpoint), credentialOf(stated));
}

/** Quotes that a file of variables or a shell has left around a secret make it another one. */
function refuseQuotes({ key, sas }: AzureSettings): void {
  for (const [what, secret = ""] of Object.entries({ "account key": key, [SAS]: sas })) {
    if (!/^\s*["'`\u2018-\u201f]|["'`\u2018-\u201f]\s*$/.test(secret)) continue;
    throw unusable(`the ${what} is in quotes, which are part of it here`, {
      remedy: "write it without them",
    });
  }
}

const SAS = "shared access signature";

function accessOf(settings: AzureSettings): AzureAccess {
  const { account = "", endpoint } = settings;
  const credential = credentialOf(settings);
  if (endpoint) return entered(accountUrl(endpoint, account), credential);
  if (account === "") throw missingAccount();
  return { url: `https://${account}.blob.core.windows.net`, credential };
}

function credentialOf({ account = "", key, sas, identity }: AzureSettings): AzureCredential {
  if (account !== "" && !/^[a-z0-9]{3,24}$/.test(account)) {
    throw unusable(`${quote(account)} is not the name of a storage account`, "azureLogin");
  }
  if (key && account === "") throw missingAccount();
  if (key && !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) {
    throw unusable("the account key is not Base64, as the service gives keys", "azureLogin");
  }
  if (key) return { kind: "key", account, key };
  if (sas) return { kind: "sas", sas: signature(sas) };
  if (identity) return { kind: "identity" };
  throw unusable(
    "nothing is set to enter the storage account with",
    "azureCredential",
  );
}

/** The query of a signature, without the question mark. */
function signature(sas: string): string {
  const query = sas.replace(/^[?&]+/, "");
  if (
    /^[\w%.~:+/=&!*(),$@;-]+$/.test(query) && /(?:^|&)sig=./.test(query) && !query.includes("://")
  ) {
    return query;
  }
  throw unusable(`the ${SAS} is none: want sv=…&sig=…, and nothing before it`);
}

function entered(url: string, credential: AzureCredential): AzureAccess {
  if (credential.kind === "identity" && !url.startsWith("https:")) {
    throw unusable("a login of Microsoft Entra ID is only sent to an https:// endpoint");
  }
  return { url, credential };
}

/**
 * The address of an account at an endpoint: the endpoint itself when its host or path names the
 * account, else the path `/<account>` below it, as emulators have it.
 */
function accountUrl(endpoint: string, account: string): string {
  const url = endpointUrl(endpoint);
  const named = new URL(url).hostname.startsWith(`${account}.`) || url.endsWith(`/${account}`);
  return named || account === "" ? url : `${url}/${account}`;
}

/** An endpoint without trailing slashes. */
function endpointUrl(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw unusable("the endpoint is not an http:// or https:// address", "azureEndpoint");
  }
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw unusable(
      "the endpoint has a query, a fragment or user info",
      "azureSas",
    );
  }
  return withoutEnd(`${url.origin}${url.pathname}`, "/");
}

function missingAccount(): InvalidInputError {
  return unusable("the storage account is not named", "azureAccount");
}
