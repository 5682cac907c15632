/** Our own registry as a scripted server. @module */
import { createModelBackend } from "../../src/model/backend.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { type ScriptedServer, scriptedServer } from "./scripted_server.ts";
import { tempFolder } from "./temp.ts";

export * from "./scripted_server.ts";

/** A registry with a repository `demo`, which others see under names of their own. */
export interface ScriptedRegistry extends ScriptedServer {
  readonly catalog: ReturnType<typeof memoryCatalog>;
}

/** Serves a registry until it is disposed; over TLS with a certificate and its key. */
export function scriptedRegistry(tls: { cert?: string; key?: string } = {}): ScriptedRegistry {
  const catalog = memoryCatalog();
  const handler = createRegistryHandler(catalog);
  return { catalog, ...scriptedServer({ prefix: "/v2/", home: "demo", handler, ...tls }) };
}

/** Builds a model of some files and pushes it to the repository `demo` as `v1`. */
export async function pushModel(
  { host }: ScriptedRegistry,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  await using folder = await tempFolder();
  for (const [name, bytes] of Object.entries(files)) await folder.write(`ws/${name}`, bytes);
  const models = Object.keys(files).map((name) => `MODEL ${name}\n`).join("");
  await folder.write("ws/Modelfile", `NAME demo\n${models}`);
  await using client = new RegistryClient();
  const catalog = diskCatalog(folder.join("store"));
  const backend = createModelBackend({ catalog, connect: client.connect });
  await backend.build(folder.join("ws"), { targets: [`${host}/demo:v1`] });
  await backend.push(`${host}/demo:v1`);
}
