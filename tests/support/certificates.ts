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

/** What can be wrong with the certificate of a server at `127.0.0.1`. */
export const CERTIFICATE_FAULTS = [
  "expired",
  "not valid yet",
  "for another name",
  "signed by itself",
  "of an unknown authority",
] as const;

/** Makes a faulty certificate in a folder, with the authority that is to be trusted. */
export async function makeFaulty(
  folder: string,
  fault: (typeof CERTIFICATE_FAULTS)[number],
): Promise<CertificateFiles & { readonly caFile: string }> {
  const { caFile, server } = await makeCertificates(folder);
  const leaf = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth"];
  const here = "subjectAltName=IP:127.0.0.1";
  const authority = { certFile: caFile, keyFile: join(folder, "authority.key") };
  switch (fault) {
    case "expired":
      return { caFile, ...await reissue(folder, server, authority, ["20200101", "20200201"]) };
    case "not valid yet":
      return { caFile, ...await reissue(folder, server, authority, ["20480101", "20490101"]) };
    case "for another name": {
      const extensions = [...leaf, "subjectAltName=DNS:other.test"];
      return { caFile, ...await certify(folder, "other", extensions, authority) };
    }
    case "signed by itself":
      return { caFile, ...await certify(folder, "own", [...leaf, here]) };
    case "of an unknown authority": {
      const extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
      const unknown = await certify(folder, "unknown", extensions);
      return { caFile, ...await certify(folder, "stranger", [...leaf, here], unknown) };
    }
  }
}

/** Has an authority sign the key of a certificate again, from one day up to another. */
async function reissue(
  folder: string,
  { certFile, keyFile }: CertificateFiles,
  authority: CertificateFiles,
  [from, until]: readonly [string, string],
): Promise<CertificateFiles> {
  const [configFile, request] = [join(folder, "ca.cnf"), join(folder, "request.pem")];
  const output = join(folder, "reissued.pem");
  await Deno.writeTextFile(join(folder, "index.txt"), "");
  await Deno.writeTextFile(join(folder, "serial"), "1000");
  await Deno.writeTextFile(
    configFile,
    `[ca]\ndefault_ca = own\n[own]\ndatabase = ${folder}/index.txt\nnew_certs_dir = ${folder}\n` +
      `serial = ${folder}/serial\n` +
      "default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n",
  );
  const openssl = requireTool("openssl");
  await runOk(openssl, [
    ...["x509", "-x509toreq", "-in", certFile, "-signkey", keyFile, "-out", request],
  ]);
  await runOk(openssl, [
    ..."ca -batch -notext -extensions extensions".split(" "),
    ...["-startdate", `${from}000000Z`, "-enddate", `${until}000000Z`],
    ...["-extfile", join(folder, "server.cnf"), "-config", configFile],
    ...["-cert", authority.certFile, "-keyfile", authority.keyFile, "-in", request, "-out", output],
  ]);
  return { certFile: output, keyFile };
}

/** The name in the certificate that a server shows, or that it has none. */
export async function certificateShownBy(address: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(requireTool("openssl"), [
    ...["s_client", "-connect", address, "-servername", "localhost"],
  ]);
  // openssl has only a number for a connection that is reset while it writes.
  const said = stderr.replace("errno=104", "Connection reset by peer");
  return /subject=.*CN\s*=\s*(.+)/.exec(stdout)?.[1] ?? `${code} ${said}`;
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
