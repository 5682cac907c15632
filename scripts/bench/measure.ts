/**
 * Runs one command line and says what it cost.
 *
 * Deno does not tell what a child process used, so a few lines of Perl stand in between: they start
 * the program, wait for it, and ask the kernel (`getrusage` of children, which covers programs that
 * the program itself started). `perl-base` is part of every Debian; GNU `time` is not. Perl is also
 * small: what a process used before it became another program counts as that program's memory, so a
 * child of Deno itself would seem to need all that Deno needs.
 * @module
 */
import { join } from "node:path";

/** A command line. */
export interface Command {
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** Folder that it is started in. */
  readonly cwd?: string;
}

/** What a command finds when it starts, and who may end it. */
export interface RunOptions {
  /** The whole environment: nothing of the user's settings reaches a contender. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What one run cost. */
export interface Cost {
  /** Time that passed, in milliseconds. */
  readonly wallMs: number;
  /** Time of all processors, in milliseconds, in the program and in the kernel; NaN if unknown. */
  readonly cpuMs: number;
  /** Memory of the largest process at its peak, in bytes; NaN if unknown. */
  readonly peakBytes: number;
  /** What was moved more than once when the program was killed and run again: a share of it all. */
  readonly twice?: number;
  /** Requests that the registry has answered; absent where nobody counts them. */
  readonly requests?: number;
}

/** Numbers of the calls `clock_gettime` and `getrusage`; `perl-base` has no module for either. */
const SYSTEM_CALLS: Readonly<Record<string, readonly [clock: number, usage: number]>> = {
  x86_64: [228, 98],
  aarch64: [113, 165],
};

/** Takes the two call numbers, a file for the report, and the command. */
const WRAPPER = String.raw`
my ($clock, $usage, $report, @command) = @ARGV;
sub now { my $t = "\0" x 16; syscall($clock + 0, 1, $t); my ($s, $n) = unpack "q2", $t; $s + $n / 1e9 }
my $child;
$SIG{$_} = sub { kill $_[0], $child if $child } for qw(INT TERM);
my $start = now();
$child = fork;
die "Cannot fork: $!\n" unless defined $child;
if ($child == 0) { exec { $command[0] } @command or die "Cannot run $command[0]: $!\n" }
1 while waitpid($child, 0) == -1 && $! == 4;
my $status = $?;
my $wall = now() - $start;
my $bytes = "\0" x 144;
syscall($usage + 0, -1, $bytes);
my ($us, $uu, $ss, $su, $rss) = unpack "q5", $bytes;
open my $out, ">", $report or die "Cannot write $report: $!\n";
printf $out "%.6f %.6f %d\n", $wall, $us + $ss + ($uu + $su) / 1e6, $rss;
close $out;
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
`;

/**
 * Runs a command to its end.
 * @throws {Error} with the end of what it printed when it fails: a failure has no time.
 */
export async function measure(command: Command, options: RunOptions): Promise<Cost> {
  const calls = Deno.build.os === "linux" ? SYSTEM_CALLS[Deno.build.arch] : undefined;
  if (calls === undefined) return await measureTime(command, options);
  const folder = await Deno.makeTempDir({ prefix: "modelops-bench-cost-" });
  try {
    const report = join(folder, "report");
    const wrapper = ["perl", "-e", WRAPPER, ...calls.map(String), report, ...command.argv];
    await run({ ...command, argv: wrapper }, options);
    return parseReport(await Deno.readTextFile(report));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the wrapper wrote: seconds, seconds, KiB. */
export function parseReport(text: string): Cost {
  const [wall = NaN, cpu = NaN, kibibytes = NaN] = text.trim().split(" ").map(Number);
  return { wallMs: wall * 1000, cpuMs: cpu * 1000, peakBytes: kibibytes * 1024 };
}

/** For machines whose call numbers are not in the table. */
async function measureTime(command: Command, options: RunOptions): Promise<Cost> {
  const started = performance.now();
  await run(command, options);
  return { wallMs: performance.now() - started, cpuMs: NaN, peakBytes: NaN };
}

/**
 * Runs a command that is not measured and returns its standard output.
 * @throws {Error} with the end of what it printed when it fails.
 */
export async function run(command: Command, { env, signal }: RunOptions): Promise<string> {
  signal.throwIfAborted();
  const [program = "", ...args] = command.argv;
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: command.cwd,
    clearEnv: true,
    env,
    signal,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const said = (decoder.decode(stdout) + decoder.decode(stderr)).trim().slice(-1000);
  throw new Error(`Cannot measure "${shown(command)}": ${said}`);
}

/** A command line as a person would know it again: without the wrapper, and cut. */
function shown({ argv }: Command): string {
  const words = argv[0] === "perl" ? argv.slice(6) : argv;
  const line = words.join(" ");
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
