/** registries.conf beside skopeo: what it reads through a file, and what it refuses, so do we. */
import assert from "node:assert/strict";
import { makeSelfSigned } from "../support/certificates.ts";
import { runCommand } from "../support/command.ts";
import { openProgram, type Program } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";
import { requireTool } from "../../scripts/services.ts";
import type { TempFolder } from "../support/temp.ts";

/** A registries.conf, what is asked for through it, and whether that can be had. */
interface Row {
  readonly kind: string;
  readonly conf: string;
  readonly name: string;
  readonly works: boolean;
}

/** Names that no resolver knows: whatever is read was read elsewhere. */
const NOWHERE = "registry.invalid";

function registry(table: Record<string, unknown>, ...mirrors: Record<string, unknown>[]): string {
  const lines = (values: Record<string, unknown>) =>
    Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join("");
  const all = mirrors.map((mirror) => `[[registry.mirror]]\n${lines(mirror)}`).join("");
  return `[[registry]]\n${lines(table)}${all}`;
}

function rows({ plain, secure, digest }: { plain: string; secure: string; digest: string }): Row[] {
  const insecure = true;
  const there = { location: plain, insecure };
  const at = (prefix: string, location: string, more = {}) =>
    registry({ prefix, location, insecure, ...more });
  return [
    { kind: "prefix", conf: at(NOWHERE, plain), name: `${NOWHERE}/models/demo:v1`, works: true },
    {
      kind: "prefix of a path",
      conf: at(`${NOWHERE}/else`, `${plain}/models`),
      name: `${NOWHERE}/else/demo:v1`,
      works: true,
    },
    {
      kind: "a part of a name is no prefix",
      conf: at(`${NOWHERE}/mod`, `${plain}/mod`),
      name: `${NOWHERE}/models/demo:v1`,
      works: false,
    },
    {
      kind: "wildcard",
      conf: at("*.invalid", plain),
      name: `a.b.invalid/models/demo:v1`,
      works: true,
    },
    {
      kind: "longest prefix",
      conf: at(NOWHERE, "127.0.0.1:1") + at(`${NOWHERE}/models`, `${plain}/models`),
      name: `${NOWHERE}/models/demo:v1`,
      works: true,
    },
    {
      kind: "longest prefix, though it leads nowhere",
      conf: at(NOWHERE, plain) + at(`${NOWHERE}/models`, "127.0.0.1:1/models"),
      name: `${NOWHERE}/models/demo:v1`,
      works: false,
    },
    {
      kind: "blocked",
      conf: at(plain, plain, { blocked: true }),
      name: `${plain}/models/demo:v1`,
      works: false,
    },
    {
      kind: "blocked below",
      conf: at(plain, plain) + at(`${plain}/models`, `${plain}/models`, { blocked: true }),
      name: `${plain}/models/demo:v1`,
      works: false,
    },
    {
      kind: "mirror",
      conf: registry({ location: NOWHERE }, there),
      name: `${NOWHERE}/models/demo:v1`,
      works: true,
    },
    {
      kind: "insecure mirror",
      conf: registry({ location: NOWHERE }, { location: secure, insecure }),
      name: `${NOWHERE}/models/demo:v1`,
      works: true,
    },
    {
      kind: "mirror whose certificate is not trusted",
      conf: registry({ location: NOWHERE }, { location: secure }),
      name: `${NOWHERE}/models/demo:v1`,
      works: false,
    },
    {
      kind: "mirror that is down, then the registry",
      conf: registry({ location: plain, insecure }, { location: "127.0.0.1:1", insecure }),
      name: `${plain}/models/demo:v1`,
      works: true,
    },
    {
      kind: "second mirror",
      conf: registry({ location: NOWHERE }, { location: "127.0.0.1:1" }, there),
      name: `${NOWHERE}/models/demo:v1`,
      works: true,
    },
    {
      kind: "mirror by digest only, asked for a tag",
      conf: registry({ location: NOWHERE, "mirror-by-digest-only": true }, there),
      name: `${NOWHERE}/models/demo:v1`,
      works: false,
    },
    {
      kind: "mirror by digest only, asked for a digest",
      conf: registry({ location: NOWHERE, "mirror-by-digest-only": true }, there),
      name: `${NOWHERE}/models/demo@${digest}`,
      works: true,
    },
    {
      kind: "pull-from-mirror digest-only",
      conf: registry({ location: NOWHERE }, { ...there, "pull-from-mirror": "digest-only" }),
      name: `${NOWHERE}/models/demo:v1`,
      works: false,
    },
    {
      kind: "pull-from-mirror tag-only",
      conf: registry({ location: NOWHERE }, { ...there, "pull-from-mirror": "tag-only" }),
      name: `${NOWHERE}/models/demo@${digest}`,
      works: false,
    },
    {
      kind: "a location that is a URL",
      conf: registry({ prefix: NOWHERE, location: `http://${plain}` }),
      name: `${NOWHERE}/models/demo:v1`,
      works: false,
    },
    {
      kind: "neither prefix nor location",
      conf: registry({ insecure }),
      name: `${plain}/models/demo:v1`,
      works: false,
    },
  ];
}

/** The manifest that skopeo finds under a name; `undefined` when it fails. */
async function askSkopeo(conf: string, name: string): Promise<string | undefined> {
  const args = ["--insecure-policy", "--registries-conf", conf, "inspect", "--raw"];
  const { code, stdout } = await runCommand(requireTool("skopeo"), [...args, `docker://${name}`]);
  return code === 0 ? stdout : undefined;
}

/** Whether we can pull what is under a name. */
async function askUs(user: Program, conf: string, name: string): Promise<boolean> {
  const { code, stderr } = await user.run(["pull", name, "--no-progress"], {
    env: { CONTAINERS_REGISTRIES_CONF: conf },
  });
  assert.ok([0, 1, 2, 3, 4, 5].includes(code), stderr);
  assert.doesNotMatch(stderr, /fault of modelops/);
  return code === 0;
}

async function pushDemo(user: Program, home: TempFolder, target: string): Promise<string> {
  await home.write("ws/Modelfile", "NAME demo\nMODEL weights.bin\n");
  await home.write("ws/weights.bin", new Uint8Array(100_000));
  const { digest } = await user.json(["build", "-t", target, home.join("ws")]);
  await user.ok(["push", target]);
  return String(digest);
}

e2eTest("registries.conf has us do what skopeo does", {
  needs: ["docker-registry", "skopeo", "openssl"],
}, async (context) => {
  await using user = await openProgram();
  const tls = await makeSelfSigned(user.home.path, "server");
  await using plain = await startRegistry();
  await using secure = await startRegistry({ tls, rootDirectory: plain.root });
  const digest = await pushDemo(user, user.home, `${plain.address}/models/demo:v1`);
  const secureAddress = secure.address.replace("127.0.0.1", "localhost");
  for (const row of rows({ plain: plain.address, secure: secureAddress, digest })) {
    await context.step(row.kind, async () => {
      const conf = await user.home.write("registries.conf", row.conf);
      await using puller = await openProgram();
      const found = await askSkopeo(conf, row.name);
      assert.deepEqual({
        skopeo: found !== undefined,
        ours: await askUs(puller, conf, row.name),
      }, { skopeo: row.works, ours: row.works });
    });
  }
});
