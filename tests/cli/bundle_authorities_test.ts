/** `--ca-file` of the commands of bundles, over real TLS. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { listen, type RegistryListener } from "../../src/server/listen.ts";
import {
  type CertificateFiles,
  makeCertificates,
  makeSelfSigned,
} from "../support/certificates.ts";
import { runOk } from "../support/command.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";
import { BundleProgram } from "./bundle_program.ts";
import type { Finished } from "./support.ts";

const SPEC = `name: demo
version: "1.0.0"
layers: [{ name: code, type: code, files: ["src/**"] }]
roles: { default: [code] }
`;

const NEEDS = { needs: ["openssl" as const] };

/** Someone with a bundle, and a registry that speaks TLS. */
class SecureHome extends BundleProgram {
  readonly #registry: RegistryListener;
  readonly host: string;

  private constructor(registry: RegistryListener, folder: BundleProgram["folder"]) {
    const host = `localhost:${registry.address.port}`;
    super(folder, { transport: undefined, env: { REGISTRY_URL: host, REGISTRY_REPO: "team" } });
    this.#registry = registry;
    this.host = host;
  }

  static async make(
    certify: (folder: string) => Promise<CertificateFiles>,
  ): Promise<SecureHome> {
    const folder = await tempFolder();
    await folder.write("work/modelops.yaml", SPEC);
    await folder.write("work/src/a.py", "print(1)\n");
    const { certFile, keyFile } = await certify(folder.path);
    const [cert, key] = await Promise.all(
      [certFile, keyFile].map((file) => Deno.readTextFile(file)),
    );
    const registry = await listen(createRegistryHandler(memoryCatalog()), {
      address: { hostname: "127.0.0.1", port: 0 },
      tls: { cert: cert!, key: key! },
    });
    return new SecureHome(registry, folder);
  }

  /** Every command that speaks to a registry, in an order in which all can succeed. */
  commands(): readonly (readonly string[])[] {
    const bundle = `${this.host}/team/demo:1.0.0`;
    return [
      ["push", this.at("work")],
      ["push", this.at("work"), "--dry-run"],
      ["resolve", bundle, "--no-cache"],
      ["resolve", "demo:1.0.0", "--no-cache"],
      ["materialize", bundle, this.at("ws"), "--no-cache"],
      ["pull", bundle, this.at("again"), "--no-cache"],
      ["pull", bundle, this.at("never"), "--no-cache", "--dry-run"],
      ["diff", bundle, this.at("work")],
      ["verify", bundle],
      ["list", this.host],
      ["list", `${this.host}/team/demo`],
    ];
  }

  /** Runs every command with flags more, each of which has to end with a code. */
  async all(flags: readonly string[], want: number): Promise<readonly Finished[]> {
    const runs: Finished[] = [];
    for (const args of this.commands()) {
      const run = await this.run([...args, ...flags]);
      assert.equal(run.code, want, `${args.join(" ")}: ${run.stderr}`);
      runs.push(run);
    }
    return runs;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}

/** The authority of the registry in a folder, and another of another name. */
async function certified(folder: string): Promise<CertificateFiles> {
  await makeSelfSigned(folder, "stranger");
  return (await makeCertificates(folder)).server;
}

e2eTest("every command of bundles trusts the authority that --ca-file names", NEEDS, async () => {
  await using home = await SecureHome.make(certified);
  await home.all(["--ca-file", home.at("authority.pem")], 0);
  assert.equal(await Deno.readTextFile(home.at("ws/src/a.py")), "print(1)\n");
  assert.equal(await Deno.readTextFile(home.at("again/src/a.py")), "print(1)\n");
});

e2eTest(
  "an authority may be one of several, with text around it and lines of Windows",
  NEEDS,
  async () => {
    await using home = await SecureHome.make(certified);
    const [stranger, authority] = await Promise.all(
      ["stranger.pem", "authority.pem"].map((name) => Deno.readTextFile(home.at(name))),
    );
    const text = `# ours\n${stranger}\n# theirs\n${authority}`.replaceAll("\n", "\r\n");
    await home.all(["--ca-file", await home.folder.write("several.pem", text)], 0);
  },
);

e2eTest(
  "without the authority of the registry every command of bundles ends with 3, and says what to name",
  NEEDS,
  async () => {
    await using home = await SecureHome.make(certified);
    for (
      const flags of [[], ["--ca-file", home.at("stranger.pem")], [
        "--ca-file",
        home.at("server.pem"),
      ]]
    ) {
      for (const { stdout, stderr } of await home.all(flags, 3)) {
        assert.equal(stdout, "");
        assert.match(
          stderr,
          /^error: Cannot reach "localhost:\d+": its certificate is not trusted$/m,
        );
        assert.match(
          stderr,
          /^hint: add --ca-file with the authority of the registry, or --insecure/m,
        );
      }
    }
    for (const name of ["ws", "again"]) await assert.rejects(Deno.stat(home.at(name)));
  },
);

e2eTest(
  "an authority that was made anew under its old name is asked for, not a new certificate",
  NEEDS,
  async () => {
    await using home = await SecureHome.make(async (folder) => {
      await Deno.mkdir(join(folder, "old"));
      await makeCertificates(join(folder, "old"));
      return await certified(folder);
    });
    for (const { stderr } of await home.all(["--ca-file", home.at("old/authority.pem")], 3)) {
      assert.match(
        stderr,
        /^error: Cannot reach "localhost:\d+": its certificate has a short key, or /m,
      );
      assert.match(
        stderr,
        /^hint: add --ca-file with the authority that the registry has today, /m,
      );
    }
    await home.all(["--ca-file", home.at("old/authority.pem"), "--insecure"], 0);
  },
);

e2eTest("REGISTRY_INSECURE is heeded by every command of bundles", NEEDS, async () => {
  await using home = await SecureHome.make(certified);
  for (const args of home.commands()) {
    const env = { ...home.options.env, REGISTRY_INSECURE: "true" };
    const { code, stderr } = await home.run(args, { ...home.options, env });
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  }
});

e2eTest("a file that holds no authority is refused before anything is asked", NEEDS, async () => {
  await using home = await SecureHome.make(certified);
  await runOk("openssl", [
    ...["x509", "-in", home.at("authority.pem"), "-outform", "der", "-out", home.at("binary.der")],
  ]);
  const cut = (await Deno.readTextFile(home.at("authority.pem"))).replace(/\n.{9}/, "\n");
  const files = {
    "none.pem": [1, undefined, /^error: Cannot read ".*none\.pem": no such file$/m],
    "empty.pem": [2, "", /^error: Cannot use certificate authorities .*: it holds no PEM certif/m],
    "words.pem": [2, "trust me\n", /it holds no PEM certificate$/m],
    "key.pem": [2, await Deno.readTextFile(home.at("server.key")), /it holds no PEM certificate$/m],
    "cut.pem": [2, cut, /certificate 1 of 1 in it is damaged$/m],
    "binary.der": [2, undefined, /it holds no PEM certificate$/m],
  } as const;
  for (const [name, [code, text, want]] of Object.entries(files)) {
    if (text !== undefined) await home.folder.write(name, text);
    for (const more of [[], ["--plain-http"]]) {
      for (const { stderr } of await home.all(["--ca-file", home.at(name), ...more], code)) {
        assert.match(stderr, want);
      }
    }
  }
});

e2eTest(
  "a certificate that signs itself is trusted where --ca-file names it, and no other",
  NEEDS,
  async () => {
    await using home = await SecureHome.make(async (folder) => {
      await makeSelfSigned(folder, "twin");
      return await makeSelfSigned(folder, "own");
    });
    await home.all(["--ca-file", home.at("own.pem")], 0);
    for (const { stderr } of await home.all(["--ca-file", home.at("twin.pem")], 3)) {
      assert.match(stderr, /its certificate is not trusted$/m);
    }
  },
);

e2eTest("--plain-http to a registry that speaks TLS says to leave it out", NEEDS, async () => {
  await using home = await SecureHome.make(certified);
  const authority = ["--ca-file", home.at("authority.pem")];
  for (const flags of [["--plain-http"], ["--plain-http", "--insecure"]]) {
    for (const { stderr } of await home.all([...flags, ...authority], 3)) {
      assert.match(stderr, /^error: Cannot reach "localhost:\d+": its answer is not one of HTTP/m);
      assert.match(stderr, /^hint: leave out --plain-http, and http:\/\/ in front of its name, /m);
    }
  }
});
