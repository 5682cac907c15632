/**
 * `deno run -A tests/browser/pictures.ts`: takes the pictures that README shows, of real runs: the
 * card of a model on a terminal (`docs/inspect.svg`), and the page of `serve` (`docs/page.png`). It
 * needs Chromium and `script`.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serveSamples } from "./sample.ts";
import { terminalSvg } from "../../scripts/terminal_svg.ts";
import { requireTool } from "../../scripts/services.ts";

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const COLUMNS = 80;

/** Runs a command of the program in a terminal, and draws what it writes. */
async function terminalPicture(args: readonly string[], shown: string): Promise<string> {
  const command = [Deno.execPath(), "run", "-A", "--quiet", fileOf("../../cli.ts"), ...args];
  const { success, stdout } = await new Deno.Command(requireTool("script"), {
    args: ["-qec", `stty cols ${COLUMNS} rows 60; ${command.join(" ")}`, "/dev/null"],
    env: { TERM: "xterm-256color", NO_COLOR: "" },
    stdin: "null",
    stdout: "piped",
  }).output();
  const output = new TextDecoder().decode(stdout);
  if (!success) throw new Error(`Cannot take the picture of "${shown}": ${output}`);
  return terminalSvg(`\x1b[2m$\x1b[22m ${shown}\n${output}`, { columns: COLUMNS });
}

/** Takes a picture of a page in Chromium. */
async function pagePicture(url: string): Promise<Uint8Array> {
  const browser = await chromium.launch({
    executablePath: requireTool("chromium"),
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      colorScheme: "light",
      reducedMotion: "reduce",
    });
    await page.goto(url);
    await page.getByRole("region", { name: "README.md" }).waitFor();
    return await page.screenshot();
  } finally {
    await browser.close();
  }
}

await using server = await serveSamples();
const { address, url } = server;
const inspect = ["inspect", "--remote", `${address}/team/llama:v2`];
const pictures: Readonly<Record<string, string | Uint8Array>> = {
  "inspect.svg": await terminalPicture(inspect, `modelops ${inspect.join(" ")}`),
  "page.png": await pagePicture(`${url}/?repository=team/llama&reference=v2`),
};
for (const [name, content] of Object.entries(pictures)) {
  const path = fileOf(`../../docs/${name}`);
  await Deno.writeFile(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  console.log(path);
}
