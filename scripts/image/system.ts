/**
 * The system of the image: what is in which layer, who runs it, and what it may do. There is no
 * shell and no package manager in it.
 * @module
 */
import { join } from "node:path";
import { fileSource } from "../../src/core/content/file_source.ts";
import { BUNDLE_ENTRY } from "../bundle.ts";
import { permissionFlags } from "../compile/permissions.ts";
import { RUN_WORDS } from "../compile/run_words.ts";
import type { LinuxRuntime, RuntimeFile } from "../runtime/linux_runtime.ts";
import { type SystemFile, type SystemLayer, textFile } from "./system_layer.ts";

const DENO = "/usr/bin/deno";
const PROGRAM = "/usr/lib/modelops";
const HOME = "/home/modelops";
const WORKSPACE = "/workspace";

/** The user that the program runs as: one that no system has given to anybody. */
const USER = "65532";

/** Everybody may write there, and remove what is theirs: whatever user a container is run as. */
const SHARED = 0o1777;

/** The part of an image's configuration that says what is run. */
export function execution(labels: Readonly<Record<string, string>>) {
  return {
    User: `${USER}:${USER}`,
    Env: [`PATH=/usr/bin`, `HOME=${HOME}`, "DENO_NO_UPDATE_CHECK=1"],
    Entrypoint: [DENO, ...RUN_WORDS, ...permissionFlags(), `${PROGRAM}/${BUNDLE_ENTRY}`],
    Cmd: ["help"],
    WorkingDir: WORKSPACE,
    Labels: labels,
    StopSignal: "SIGTERM",
  };
}

/** The layers, those first that change least. */
export async function systemLayers(
  runtime: LinuxRuntime,
  bundleFolder: string,
): Promise<SystemLayer[]> {
  return [baseLayer(runtime), runtimeLayer(runtime), await programLayer(bundleFolder)];
}

function baseLayer({ loader, libraries, authorities, notices }: LinuxRuntime): SystemLayer {
  return {
    title: "libraries, certificates of public authorities, users",
    folders: { "/tmp": SHARED, [HOME]: SHARED, [WORKSPACE]: SHARED, "/root": 0o700 },
    files: {
      ...byPath([loader, ...libraries], true),
      ...byPath(notices, false),
      "/etc/ssl/certs/ca-certificates.crt": { content: authorities },
      "/etc/nsswitch.conf": textFile("passwd: files\ngroup: files\nhosts: files dns\n"),
      "/etc/passwd": textFile(
        "root:x:0:0:root:/root:/sbin/nologin\n" +
          `modelops:x:${USER}:${USER}:modelops:${HOME}:/sbin/nologin\n`,
      ),
      "/etc/group": textFile(`root:x:0:\nmodelops:x:${USER}:\n`),
    },
  };
}

function runtimeLayer({ deno }: LinuxRuntime): SystemLayer {
  return { title: "Deno", files: { [DENO]: { content: deno, executable: true } } };
}

async function programLayer(bundleFolder: string): Promise<SystemLayer> {
  const files: Record<string, SystemFile> = {};
  for await (const { name } of Deno.readDir(bundleFolder)) {
    files[`${PROGRAM}/${name}`] = { content: await fileSource(join(bundleFolder, name)) };
  }
  return { title: "modelops", files };
}

function byPath(files: readonly RuntimeFile[], executable: boolean): Record<string, SystemFile> {
  return Object.fromEntries(files.map(({ path, content }) => [path, { content, executable }]));
}
