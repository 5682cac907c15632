/**
 * The commands that fetch a model, as they can be pasted.
 * @module
 */

/**
 * @typedef {object} Command
 * @property {string} tool
 * @property {string} line
 */

/**
 * The commands that fetch what a reference of a registry names into a folder of its name. Our own
 * fetch models and bundles.
 *
 * The files of a model have their names in annotations of ModelPack, which the other tools do not
 * read: they get an OCI layout. Skopeo copies between names only, and takes a digest for one.
 * @param {{
 *   host: string, isPlain: boolean, repository: string, reference: string, kind: string
 * }} what
 * @returns {Command[]}
 */
export function pullCommands({ host, isPlain, repository, reference, kind }) {
  const isDigest = reference.includes(":");
  const name = `${host}/${repository}${isDigest ? "@" : ":"}${reference}`;
  const folder = repository.split("/").at(-1) ?? "model";
  const layout = isDigest ? folder : `${folder}:${reference}`;
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);
  const when = (/** @type {string} */ flag) => isPlain ? ` ${flag}` : "";
  const plain = isLoopback ? "" : when("--plain-http");
  const own = /** @type {Readonly<Record<string, string>>} */ ({
    model: `modelops pull${plain} ${name} --extract-dir ./${folder}`,
    bundle: `modelops bundle pull${plain} ${name} ./${folder}`,
  });
  return [
    ...Object.hasOwn(own, kind) ? [{ tool: "modelops", line: own[kind] }] : [],
    {
      tool: "oras",
      line: `oras copy${when("--from-plain-http")} ${name} --to-oci-layout ./${layout}`,
    },
    {
      tool: "skopeo",
      line: `skopeo copy${kind === "index" ? " --all" : ""}${
        when("--src-tls-verify=false")
      } docker://${name} oci:./${layout}`,
    },
  ];
}
