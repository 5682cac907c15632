/** The machines that binaries are made for. @module */

/** A machine. */
export interface Target {
  /** What archives call it: system and architecture. */
  readonly platform: string;
  /** How the names of its programs end. */
  readonly suffix: "" | ".exe";
}

/** Every machine by what compilers call it. */
export const TARGETS: Readonly<Record<string, Target>> = {
  "x86_64-unknown-linux-gnu": { platform: "linux-amd64", suffix: "" },
  "aarch64-unknown-linux-gnu": { platform: "linux-arm64", suffix: "" },
  "x86_64-apple-darwin": { platform: "darwin-amd64", suffix: "" },
  "aarch64-apple-darwin": { platform: "darwin-arm64", suffix: "" },
  "x86_64-pc-windows-msvc": { platform: "windows-amd64", suffix: ".exe" },
};

/** The first bytes of programs, and where the field lies that tells the architecture. */
const FORMATS = [
  { system: "linux", magic: 0x7f454c46, machines: { 62: "amd64", 183: "arm64" } },
  { system: "darwin", magic: 0xcffaedfe, machines: { 0x1000007: "amd64", 0x100000c: "arm64" } },
  { system: "windows", magic: 0x4d5a9000, machines: { 0x8664: "amd64", 0xaa64: "arm64" } },
] as const;

/**
 * The platform that a program is for, by its first bytes (ELF, Mach-O or PE); `undefined` when they
 * are those of no program that is known here.
 */
export function platformOf(head: Uint8Array): string | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.byteLength < 0x40) return undefined;
  const format = FORMATS.find(({ magic }) => view.getUint32(0) === magic);
  if (format === undefined) return undefined;
  const machines: Readonly<Record<number, string>> = format.machines;
  const architecture = machines[machineOf(view, format.system)];
  return architecture === undefined ? undefined : `${format.system}-${architecture}`;
}

function machineOf(view: DataView, system: "linux" | "darwin" | "windows"): number {
  if (system === "linux") return view.getUint16(18, true);
  if (system === "darwin") return view.getUint32(4, true);
  const at = view.getUint32(0x3c, true) + 4;
  return at + 2 <= view.byteLength ? view.getUint16(at, true) : 0;
}
