/**
 * The scripts for PowerShell, read by a grammar of it: no system that tests run on by themselves
 * has the shell. That they do what they say is not tested.
 */
import assert from "node:assert/strict";
import { runOk } from "../support/command.ts";
import { openProgram } from "../support/program.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { repositoryPath } from "./repository.ts";

/** Reads the files that it is given with the grammar. */
const READER = `
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Language, Parser } from "web-tree-sitter";
await Parser.init();
const parser = new Parser();
const grammar = import.meta.resolve("tree-sitter-powershell/tree-sitter-powershell.wasm");
parser.setLanguage(await Language.load(fileURLToPath(grammar)));
function read(file) {
  const faults = [], commands = new Set(), functions = new Set();
  const visit = (node) => {
    const { row, column } = node.startPosition;
    if (node.isError || node.isMissing) faults.push((row + 1) + ":" + (column + 1) + " " + node.type);
    if (node.type === "command_name") commands.add(node.text);
    if (node.type === "function_name") functions.add(node.text);
    node.children.forEach(visit);
  };
  visit(parser.parse(readFileSync(file, "utf8")).rootNode);
  return { faults, commands: [...commands].filter((name) => !functions.has(name)).sort() };
}
console.log(JSON.stringify(process.argv.slice(2).map(read)));
`;

/** What the grammar finds in a script. */
interface Script {
  /** Where it is no PowerShell, as `line:column kind`. */
  readonly faults: readonly string[];
  /** What it calls and does not define. */
  readonly commands: readonly string[];
}

/** Reads scripts. */
async function readScripts(folder: TempFolder, files: readonly string[]): Promise<Script[]> {
  await folder.write("reader/package.json", '{ "type": "module" }');
  const script = await folder.write("reader/read.js", READER);
  const packages = ["web-tree-sitter@0.27.1", "tree-sitter-powershell@0.26.4"];
  // The grammar is a module of WebAssembly: what npm would build or ask for is for others.
  const quiet = ["--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"];
  await runOk("npm", ["install", "--prefer-offline", ...quiet, ...packages], {
    cwd: folder.join("reader"),
  });
  // Making the grammar faster takes half a minute, and reading with it a tenth of a second.
  return JSON.parse((await runOk("node", ["--liftoff-only", script, ...files])).stdout);
}

/** The commands of Windows PowerShell 5.1 that install.ps1 calls, and the programs of Windows. */
const COMMANDS_OF_INSTALL = [
  ...["Copy-Item", "Get-Content", "Get-FileHash", "Invoke-WebRequest", "Join-Path", "Move-Item"],
  ...["New-Item", "Out-Null", "Remove-Item", "Select-Object", "Set-StrictMode", "Test-Path"],
  ...["Where-Object", "Write-Output", "tar"],
];

Deno.test("the scripts for PowerShell are read by its grammar, and call what there is", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await tempFolder();
  await using program = await openProgram();
  const [completion, broken, unclosed] = await Promise.all([
    folder.write("completion.ps1", await program.ok(["completion", "powershell"])),
    folder.write("broken.ps1", "if ($a { 1 }\n"),
    folder.write("unclosed.ps1", "function F { Get-Item 'a'\n"),
  ]);
  const files = [repositoryPath("scripts/install.ps1"), completion, broken, unclosed];
  const [install, completing, ...wrong] = await readScripts(folder, files);
  assert.deepEqual(install!.faults, []);
  const unknown = install!.commands.filter((name) => !COMMANDS_OF_INSTALL.includes(name));
  assert.deepEqual(unknown, []);
  assert.equal(install!.commands.length, COMMANDS_OF_INSTALL.length);
  assert.deepEqual(completing!.faults, []);
  assert.ok(completing!.commands.includes("Register-ArgumentCompleter"), `${completing!.commands}`);
  for (const { faults } of wrong) assert.notDeepEqual(faults, []);
});
