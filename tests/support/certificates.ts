/** Certificates that live as long as the test that made them, made by `openssl`. @module */
import { join } from "node:path";
import { requireTool } from "../../scripts/services.ts";
import { runCommand, runOk } from "./command.ts";

/** A certificate and its private key, both PEM files. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority with one server and one client. */
export interface TestCertificates {
  /** The certificate that clients and servers are to trust. */
  readonly caFile: string;
  /** For servers at `localhost`, `127.0.0.1` and `::1`. */
  readonly server: CertificateFiles;
  /** For a client that has to show who it is. */
  readonly client: CertificateFiles;
}

/** Makes a certificate for `localhost` that signs itself, as `openssl req -x509` does. */
export async function makeSelfSigned(folder: string, name: string): Promise<CertificateFiles> {
  return await certify(folder, name, [
    "basicConstraints=critical,CA:TRUE",
    "subjectAltName=DNS:localhost",
  ]);
}

/** Makes an authority, a server certificate and a client certificate in a folder. */
export async function makeCertificates(folder: string): Promise<TestCertificates> {
  const authority = await certify(folder, "authority", [
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign",
  ]);
  const server = await certify(folder, "server", [
    "basicConstraints=critical,CA:FALSE",
    "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1",
    "extendedKeyUsage=serverAuth",
  ], authority);
  const client = await certify(folder, "client", [
    "basicConstraints=critical,CA:FALSE",
    "subjectAltName=DNS:client.test",
    "extendedKeyUsage=clientAuth",
  ], authority);
  return { caFile: authority.certFile, server, client };
}

/** The name in the certificate that a server shows, or that it has none. */
export async function certificateShownBy(address: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(requireTool("openssl"), [
    ...["s_client", "-connect", address, "-servername", "localhost"],
  ]);
  return /subject=.*CN\s*=\s*(.+)/.exec(stdout)?.[1] ?? `${code} ${stderr}`;
}

async function certify(
  folder: string,
  name: string,
  extensions: readonly string[],
  issuer?: CertificateFiles,
): Promise<CertificateFiles> {
  const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  const configFile = join(folder, `${name}.cnf`);
  await Deno.writeTextFile(configFile, requestConfig(name, extensions));
  const signer = issuer === undefined ? [] : ["-CA", issuer.certFile, "-CAkey", issuer.keyFile];
  await runOk(requireTool("openssl"), [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
    ...["-config", configFile, "-keyout", files.keyFile, "-out", files.certFile],
    ...signer,
  ]);
  return files;
}

/** A configuration of its own, so that the machine's adds no extension. */
function requestConfig(name: string, extensions: readonly string[]): string {
  return `[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = modelops test ${name}
[extensions]
${extensions.join("\n")}
`;
}
