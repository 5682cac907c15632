import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  type CertificateFiles,
  certificateShownBy,
  makeSelfSigned,
} from "../support/certificates.ts";
import { openProgram, PROGRAM, type Program } from "../support/program.ts";
import { e2eTest, skopeo, startRegistry } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

/** `modelops serve` as a process; disposing ends it as Ctrl-C does. */
async function serve(user: Program, args: readonly string[] = []) {
  const [program, ...words] = PROGRAM;
  const child = new Deno.Command(program, {
    args: [...words, "serve", "--address", "127.0.0.1:0", ...args],
    env: { HOME: user.home.path },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  let address: string | undefined;
  while (address === undefined) {
    const { value, done } = await lines.read();
    if (done) throw new Error(`serve ended: ${printed}`);
    printed += value;
    address = /127\.0\.0\.1:\d+/.exec(printed)?.[0];
  }
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await lines.cancel();
      assert.equal((await child.status).code, 0);
    },
  };
}

/** An OCI layout of a multi-layer image, as `umoci` makes it. */
async function makeImage(folder: string): Promise<string> {
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const { digestBytes } = await import("../../src/core/digest.ts");
  const blobs = join(folder, "blobs/sha256");
  await Deno.mkdir(blobs, { recursive: true });
  const put = async (mediaType: string, bytes: Uint8Array) => {
    const digest = digestBytes(bytes);
    await Deno.writeFile(join(blobs, digest.slice(7)), bytes);
    return { mediaType, digest, size: bytes.byteLength };
  };
  const layers = [];
  for (let index = 0; index < 5; index++) {
    const bytes = crypto.getRandomValues(new Uint8Array(10_000 + index));
    layers.push(await put("application/vnd.oci.image.layer.v1.tar", bytes));
  }
  const config = await put(
    "application/vnd.oci.image.config.v1+json",
    encode({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
    }),
  );
  const manifest = await put(
    "application/vnd.oci.image.manifest.v1+json",
    encode({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config,
      layers,
    }),
  );
  const named = { ...manifest, annotations: { "org.opencontainers.image.ref.name": "v1" } };
  await Deno.writeFile(
    join(folder, "index.json"),
    encode({ schemaVersion: 2, manifests: [named] }),
  );
  await Deno.writeFile(join(folder, "oci-layout"), encode({ imageLayoutVersion: "1.0.0" }));
  return `oci:${folder}:v1`;
}

e2eTest(
  "skopeo copies a model out of `modelops serve` and back in",
  { needs: ["skopeo"] },
  async () => {
    await using user = await openProgram();
    await using folder = await tempFolder();
    await folder.write("ws/model.bin", randomBytes(3_000_000));
    await using server = await serve(user);
    const name = `${server.address}/models/demo:v1`;
    await using author = await openProgram();
    const built = await author.json(["build", "-t", name, folder.join("ws")]);
    await author.ok(["push", name]);
    const layout = `oci:${folder.join("layout")}:v1`;
    await skopeo("copy", "--src-tls-verify=false", `docker://${name}`, layout);
    await skopeo(
      "copy",
      "--dest-tls-verify=false",
      layout,
      `docker://${server.address}/copied/demo:v2`,
    );
    await using reader = await openProgram();
    await reader.ok([
      "pull",
      `${server.address}/copied/demo:v2`,
      "--extract-dir",
      folder.join("out"),
    ]);
    assert.deepEqual(
      await Deno.readFile(folder.join("out/model.bin")),
      await Deno.readFile(folder.join("ws/model.bin")),
    );
    const copied = await reader.json(["inspect", `${server.address}/copied/demo:v2`]);
    assert.equal(copied.Digest, built.digest);
  },
);

e2eTest("skopeo copies a multi-layer image to `modelops serve` and back, byte for byte", {
  needs: ["skopeo", "docker-registry"],
}, async () => {
  await using user = await openProgram();
  await using folder = await tempFolder();
  const image = await makeImage(folder.join("image"));
  await using server = await serve(user);
  const served = `docker://${server.address}/images/multi:v1`;
  await skopeo("copy", "--dest-tls-verify=false", "--preserve-digests", image, served);
  const raw = await skopeo("inspect", "--raw", "--tls-verify=false", served);
  assert.equal(JSON.parse(raw).layers.length, 5);
  const back = `oci:${folder.join("back")}:v1`;
  await skopeo("copy", "--src-tls-verify=false", "--preserve-digests", served, back);
  for (const layer of JSON.parse(raw).layers) {
    const path = `blobs/sha256/${layer.digest.slice(7)}`;
    assert.deepEqual(
      await Deno.readFile(folder.join("back", path)),
      await Deno.readFile(folder.join("image", path)),
    );
  }
  // Docker's own format, and from registry to registry.
  await skopeo(
    "copy",
    "--src-tls-verify=false",
    "--dest-tls-verify=false",
    "--format=v2s2",
    served,
    `docker://${server.address}/images/docker:v1`,
  );
  await using registry = await startRegistry();
  await skopeo(
    "copy",
    "--src-tls-verify=false",
    "--dest-tls-verify=false",
    `docker://${server.address}/images/docker:v1`,
    `docker://${registry.address}/docker:v1`,
  );
  await skopeo(
    "copy",
    "--src-tls-verify=false",
    "--dest-tls-verify=false",
    `docker://${registry.address}/docker:v1`,
    `docker://${server.address}/images/again:v1`,
  );
});

e2eTest(
  "serve shows the certificate that its files have, and the one before while they are broken",
  {
    needs: ["openssl"],
  },
  async () => {
    await using user = await openProgram();
    const { path } = user.home;
    const [first, second] = [
      await makeSelfSigned(path, "first"),
      await makeSelfSigned(path, "second"),
    ];
    const [cert, key] = [user.home.join("cert.pem"), user.home.join("key.pem")];
    const put = async (from: CertificateFiles) => {
      await Deno.copyFile(from.certFile, cert);
      await Deno.copyFile(from.keyFile, key);
    };
    await put(first);
    await using server = await serve(user, ["--tls-cert", cert, "--tls-key", key]);
    assert.match(await certificateShownBy(server.address), /first$/);
    await Deno.writeTextFile(cert, "nonsense");
    await put(second);
    for (let shown = ""; !shown.endsWith("second");) {
      shown = await certificateShownBy(server.address);
      // Between two listeners nobody is answered.
      assert.match(shown, /first$|second$|^1 .*(refused|reset)/is);
    }
  },
);

Deno.test("serve refuses a public address without passwords, unless it is told to", async () => {
  await using user = await openProgram();
  const refused = await user.run(["serve", "--address", "0.0.0.0:0"]);
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /--htpasswd/);
  assert.match(refused.stderr, /--allow-anonymous/);
});
