/** One certificate for many hosts that is its own authority, as in development. @module */
import { join } from "node:path";
import { requireTool } from "../../scripts/services.ts";
import type { CertificateFiles } from "../support/certificates.ts";
import { runOk } from "../support/command.ts";

/** Makes a self-signed certificate in a folder, for the hosts named and for `localhost`. */
export async function makeHostCertificate(
  folder: string,
  hosts: readonly string[],
): Promise<CertificateFiles> {
  const files = { certFile: join(folder, "hosts.pem"), keyFile: join(folder, "hosts.key") };
  const names = [...hosts, "localhost"].map((host) => `DNS:${host}`);
  const configFile = join(folder, "hosts.cnf");
  // A configuration of its own: the machine's would make it an authority, which no server may be.
  await Deno.writeTextFile(
    configFile,
    `[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = modelops guide hosts
[extensions]
basicConstraints = critical,CA:FALSE
subjectAltName = ${names.join(",")},IP:127.0.0.1
`,
  );
  await runOk(requireTool("openssl"), [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
    ...["-config", configFile, "-keyout", files.keyFile, "-out", files.certFile],
  ]);
  return files;
}
