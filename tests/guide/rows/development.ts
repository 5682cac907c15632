/** Development: building from source, and the developer's tasks. @module */
import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runOk } from "../../support/command.ts";
import type { Row } from "./row.ts";
import type { GuideWorld } from "../world.ts";

const CLONE = `git clone https://github.com/CloudNativeAI/modctl.git
cd modctl`;

/** What a copy of this tree needs to be built, linted, documented and tested, in a short time. */
const TREE = [
  "cli.ts",
  "deno.json",
  "deno.lock",
  "docs",
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "LICENSE",
  "mod.ts",
  "scripts",
  "src",
  "tests/core",
  "tests/support",
];

/** The steps of the guide that are of another language, by what they are here. */
const MAKE = `exec "${Deno.execPath()}" task "$@"`;
const GO = `case "$1" in
  build) exec "${Deno.execPath()}" compile --quiet --allow-all --output "$3" cli.ts ;;
  doc) exec "${Deno.execPath()}" doc mod.ts ;;
  *) echo "go $1 is no step of the guide" >&2; exit 2 ;;
esac`;
const DIFFERS = "make is deno task, go build is deno compile, go doc is deno doc; " +
  "the repository that is cloned is a copy of this tree with the tests of one folder";

/** Makes a repository of this tree, which git takes for the one that the guide clones. */
async function serveRepository(world: GuideWorld): Promise<void> {
  const repository = world.home.join("repository");
  await Deno.mkdir(repository);
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  await runOk("cp", ["-R", "--parents", ...TREE, repository], { cwd: root });
  await world.ok(`cd "${repository}"
git init --quiet
git add --all
git -c user.name=guide -c user.email=guide@registry.test commit --quiet --message tree
git config --global url."${repository}".insteadOf https://github.com/CloudNativeAI/modctl.git`);
  await world.addProgram("make", MAKE);
  await world.addProgram("go", GO);
}

/**
 * The network and the tools of the developer who runs these tests: what a task brings in, it brings
 * in once.
 */
const DEVELOPER_ENV: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"]
      .flatMap((name) => [name, name.toLowerCase()])
      .map((name) => [name, Deno.env.get(name) ?? ""]),
  ),
  XDG_CACHE_HOME: Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"),
};

/** The rows. */
export const DEVELOPMENT_ROWS: readonly Row[] = [
  {
    number: 1,
    commands: `${CLONE}

# Build the binary
make build

# Or build with Go directly
go build -o modctl .

# Install globally
make install`,
    script: `${CLONE}
make build || test ! -e dist/modctl
if test -e dist/modctl; then go build -o modctl . && ./modctl version; fi
make install`,
    differs: `${DIFFERS}; where the runtime of binaries cannot be had, make build says so`,
    async prepare(world) {
      await serveRepository(world);
      // The one that is installed is the one that is to be found.
      await Deno.remove(world.home.join("bin/modctl"));
    },
    async check(world, { stderr }) {
      const built = await Deno.stat(world.path("modctl/dist/modctl")).then(() => true, () => false);
      assert.ok(built || stderr.includes("denort"), stderr);
      const env = { PATH: `${world.home.join(".local/bin")}:${Deno.env.get("PATH")}` };
      assert.match(await world.ok("modctl version", { env }), /^Version:/);
      assert.match(await world.ok("modctl list", { env }), /^REPOSITORY/);
      assert.match(await world.ok("modctl push --help", { env }), /^Usage: modctl push/);
    },
  },
  {
    number: 2,
    commands: `# Run tests
make test

# Run linter
make lint

# Generate mocks
make generate`,
    script: `${CLONE}
make test
make lint
make generate`,
    env: DEVELOPER_ENV,
    differs: `${DIFFERS}; generate writes what is derived from the code`,
    prepare: serveRepository,
    check(_world, { stdout }) {
      assert.match(stdout, /^\d+ passed, 0 failed/m);
      assert.match(stdout, /docs\/commands\.md/);
    },
  },
  {
    number: 3,
    commands:
      "curl -L https://github.com/CloudNativeAI/modctl/releases/latest/download/modctl-linux-amd64.tar.gz | tar xz",
    cannotRun: "it downloads a release, and none is published where tests run",
  },
  {
    number: 4,
    commands:
      "curl -L …/modctl-linux-amd64.tar.gz | tar xz (in golang:1.24-alpine and alpine:latest)",
    cannotRun: "it downloads a release into a container with musl, and neither is there",
  },
  {
    number: 51,
    commands: `make dev-setup

# Run tests
make test

# Run linter
make lint

# Generate API documentation
go doc -all > docs/api-generated.md

# Build documentation site
make docs

# Preview documentation
make docs-serve`,
    script: `${CLONE}
make dev-setup
make test
make lint
go doc -all > docs/api-generated.md
make docs
make docs-serve --port 0 > served &
PID=$!
until grep -q http served; do kill -0 $PID; sleep 0.05; done
curl --noproxy '*' --silent --fail "$(grep http served)" > page.html
kill $PID
wait $PID || true`,
    env: DEVELOPER_ENV,
    differs: `${DIFFERS}; the documentation is served on a free port`,
    prepare: serveRepository,
    async check(world) {
      assert.match(await world.read("modctl/page.html"), /modelops/);
      assert.match(await world.read("modctl/docs/api-generated.md"), /createModelBackend/);
    },
  },
];
