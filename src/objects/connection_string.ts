/**
 * Connection strings of Azure Storage: `name=value` pairs between semicolons.
 *
 * What Azure's own tools read in different ways (a name that comes twice), or would send to another
 * place than was meant (what a shell or a file of variables has left around the string), is refused
 * by name. No message shows a part of the string.
 * See https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
 * @module
 */
import { withoutEnd } from "../core/text.ts";
import { unusable } from "./azure_unusable.ts";

/** What a connection string says; one of key and signature is there. */
export interface ConnectionString {
  /** Name of the account; a signature and an endpoint do without. */
  readonly account?: string;
  readonly key?: string;
  readonly sas?: string;
  /** Address of the account's Blob service. */
  readonly endpoint: string;
}

const DEVELOPMENT = {
  account: "devstoreaccount1",
  // The one key of all emulators, which their documentation publishes.
  key: "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
} as const;

/** The names that are read; others are for other services. */
const NAMES = [
  "AccountName",
  "AccountKey",
  "SharedAccessSignature",
  "BlobEndpoint",
  "DefaultEndpointsProtocol",
  "EndpointSuffix",
  "UseDevelopmentStorage",
  "DevelopmentStorageProxyUri",
] as const;

type Values = Partial<Record<(typeof NAMES)[number], string>>;

/**
 * Reads a connection string. Names may be in any letter case; empty values count as absent.
 * @throws {InvalidInputError} when it is malformed or says too little.
 */
export function parseConnectionString(text: string): ConnectionString {
  const values = readPairs(text);
  if (values.UseDevelopmentStorage?.toLowerCase() === "true") return development(values);
  const { AccountName: account, AccountKey: key, SharedAccessSignature: sas } = values;
  const endpoint = values.BlobEndpoint ?? (account && endpointOf(account, values));
  if (endpoint === undefined) throw broken("names neither an account nor a blob endpoint");
  if (key === undefined && sas === undefined) {
    throw broken("has neither an AccountKey nor a SharedAccessSignature");
  }
  if (key !== undefined && account === undefined) {
    throw broken("has an AccountKey, but no AccountName");
  }
  return { ...(account && { account }), ...(key ? { key } : { sas }), endpoint };
}

function readPairs(text: string): Values {
  // No value has any: one that stands within belongs to a shell or to a file of variables, too.
  if (/["'`\u2018-\u201f]/.test(text)) throw broken("has quotes in it, which are part of it here");
  const values: Values = {};
  for (const pair of text.split(";").map((pair) => pair.trim()).filter(Boolean)) {
    const [, found, value = ""] = /^([A-Za-z]+)\s*=\s*(.*)$/s.exec(pair) ?? [];
    if (found === undefined) {
      throw broken(
        "is malformed: want name=value pairs between semicolons, and nothing before them",
      );
    }
    const name = NAMES.find((name) => name.toLowerCase() === found.toLowerCase());
    if (name === undefined || value === "") continue;
    if (values[name] !== undefined) throw broken(`has ${name} twice`);
    values[name] = value;
  }
  return values;
}

/** The emulator, on this machine or where a proxy is said to be. */
function development(
  { DevelopmentStorageProxyUri: proxy = "http://127.0.0.1" }: Values,
): ConnectionString {
  const url = URL.parse(proxy);
  if (!/^https?:$/.test(url?.protocol ?? "")) {
    throw broken("has a DevelopmentStorageProxyUri that is no http:// or https:// address");
  }
  const { protocol, hostname } = url!;
  return { ...DEVELOPMENT, endpoint: `${protocol}//${hostname}:10000/${DEVELOPMENT.account}` };
}

/** The endpoint of an account where none is given. */
function endpointOf(account: string, values: Values): string {
  const { DefaultEndpointsProtocol: protocol = "https", EndpointSuffix = "core.windows.net" } =
    values;
  if (!/^https?$/i.test(protocol)) {
    throw broken("has a DefaultEndpointsProtocol that is neither http nor https");
  }
  const suffix = withoutEnd(EndpointSuffix, "/").replace(/^\./, "");
  if (!/^[A-Za-z0-9.-]+(?::\d+)?$/.test(suffix)) {
    throw broken("has an EndpointSuffix that is no name of a host, such as core.windows.net");
  }
  return `${protocol.toLowerCase()}://${account}.blob.${suffix}`;
}

function broken(found: string) {
  return unusable(`the connection string ${found}`, "azureConnectionString");
}
