import assert from "node:assert/strict";
import { openProgram } from "../support/program.ts";

const WINDOWS = Deno.build.os === "windows";

interface Row {
  /** What the special file stands in for. */
  readonly what: string;
  /** Where it is, below the home. */
  readonly at: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const REGISTRY = "127.0.0.1:5999";
const TARGET = `${REGISTRY}/a:v1`;

const ROWS: readonly Row[] = [
  { what: "a Modelfile", at: "ws/Modelfile", args: ["build", "-t", TARGET, "ws"] },
  {
    what: "a Modelfile of another name",
    at: "m",
    args: ["build", "-t", TARGET, "-f", "m", "ws"],
  },
  { what: "weights", at: "ws/w.bin", args: ["build", "-t", TARGET, "ws"] },
  { what: "rules", at: "ws/.modignore", args: ["modelfile", "generate", "ws"] },
  { what: "a file to attach", at: "x", args: ["attach", "x", "-s", TARGET, "-t", TARGET] },
  { what: "a file to upload", at: "x", args: ["upload", "x", "--repo", `${REGISTRY}/a`] },
  { what: "an authority", at: "ca", args: ["push", TARGET, "--ca-file", "ca"] },
  { what: "a login file", at: "auth", args: ["login", REGISTRY, "--authfile", "auth"] },
  { what: "users of a server", at: "ht", args: ["serve", "--htpasswd", "ht"] },
  { what: "a spec", at: "bundle/modelops.yaml", args: ["bundle", "plan", "bundle"] },
  { what: "an archive", at: "a.tar", args: ["bundle", "import", "a.tar", "out"] },
  {
    what: "a login of another tool",
    at: ".docker/config.json",
    args: ["pull", "--plain-http", TARGET],
  },
];

for (const { what, at, args } of ROWS) {
  for (const kind of ["pipe", "device"]) {
    Deno.test({
      name: `a ${kind} in place of ${what} is refused, not waited for`,
      ignore: WINDOWS,
      async fn() {
        await using program = await openProgram();
        await program.home.write("ws/w.bin", "weights");
        await program.home.write("ws/Modelfile", "NAME a\nMODEL w.bin\n");
        await program.home.write("bundle/a", "a");
        await program.home.write(".docker/keep", "");
        const path = program.home.join(at);
        if (args.includes("attach")) await program.ok(["build", "-t", TARGET, "ws"]);
        await Deno.remove(path).catch(() => undefined);
        if (kind === "device") await Deno.symlink("/dev/zero", path);
        else await new Deno.Command("mkfifo", { args: [path] }).output();
        const { code, stderr } = await program.run(args);
        assert.notEqual(code, 0);
        // Logins of other tools that cannot be read are passed over.
        if (!at.startsWith(".docker")) assert.match(stderr, /not a regular file/);
      },
    });
  }
}
