/**
 * What a file is in a model, told by its name.
 * @module
 */
import { parseGlob } from "../core/glob.ts";
import type { LayerKind } from "./media_types.ts";
import { WEIGHT_PATTERNS } from "./facts/formats.ts";

/** Larger files that no table knows are weights; smaller ones are code. Bytes. */
const LARGEST_UNKNOWN_CODE = 128_000_000;

/** Name patterns of one kind. */
export interface FileKindRow {
  /** What files with such names are. */
  readonly kind: LayerKind;
  /** Patterns of base names; letter case does not count. */
  readonly patterns: readonly string[];
}

/** The first row that has a matching pattern decides, so `tokenizer.model` is configuration. */
export const FILE_KINDS: readonly FileKindRow[] = [
  {
    kind: "dataset",
    patterns: words("*.csv *.tsv *.parquet *.jsonl *.ndjson"),
  },
  {
    kind: "config",
    patterns: words(`
    *.json *.json5 *.jsonc *.yaml *.yml *.toml *.ini *.config *.cfg *.conf *.properties
    *.props *.prop *.xml *.xsd *.rng *.modelcard *.meta *tokenizer.model* *.tiktoken vocab.txt
    merges.txt added_tokens.txt spiece.model sentencepiece*.model sentencepiece*.vocab
    tiktoken.model chat_template.jinja config.json.* *.hparams *.params *.hyperparams *.wandb
    *.mlflow *.tensorboard
    `),
  },
  {
    kind: "model",
    patterns: [
      ...WEIGHT_PATTERNS,
      ...words(`
      *.bin *.bin.* *.pb *.meta *.data-* *.index *.q4_0 *.q4_1 *.q5_0 *.q5_1 *.q8_0 *.f16 *.f32
      *.checkpoint *.dist_ckpt tensor[0-9]*_[0-9]* *.tensor *.tensors *.weights *.state
      *.embedding *.vocab *.ot *.msgpack *.model *.skops *.npy
      *.npz *.nc *.mleap *.surml *.llamafile *.llamafile.* *.caffemodel *.prototxt *.circle *.nb
      *.arrow *.ftz *.ark *.db *.imatrix *.zarr *.orbax
      `),
    ],
  },
  {
    kind: "code",
    patterns: words(`
    *.py *.ipynb *.sh *.patch *.c *.h *.hxx *.cpp *.cc *.cxx *.c++ *.hpp *.hh *.h++ *.java *.js
    *.mjs *.cjs *.jsx *.ts *.tsx *.go *.rs *.swift *.rb *.php *.scala *.kt *.kts *.r *.m *.mm *.f
    *.f90 *.f95 *.f03 *.f08 *.jl *.lua *.pl *.pm *.cs *.vb *.dart *.groovy *.elm *.erl *.hrl *.ex
    *.exs *.hs *.lhs *.clj *.cljs *.cljc *.cl *.lisp *.lsp *.scm *.ss *.rkt *.sql *.psql *.mysql
    *.sqlite *.zig *.cu *.cuh *.bash *.zsh *.fish *.csh *.tcsh *.ksh *.ps1 *.psm1 *.psd1 *.bat
    *.cmd *.vbs *.wsf *.applescript *.scpt *.awk *.sed *.expect *.env *.env.* .env* Makefile*
    *.dockerfile Dockerfile* *.mk *.cmake CMakeLists.txt *.gradle *.gradle.kts build.gradle*
    settings.gradle* *.sbt *.mill *.bazel *.bzl BUILD* WORKSPACE* *.buck BUCK* *.ninja *.gyp
    *.gypi *.waf wscript* package.json package-lock.json yarn.lock pnpm-lock.yaml
    requirements*.txt Pipfile* pyproject.toml setup.cfg tox.ini poetry.lock Cargo.toml Cargo.lock
    go.mod go.sum composer.json composer.lock Gemfile* *.gemspec mix.exs mix.lock rebar.config
    rebar.lock *.so *.dll *.dylib *.lib *.a
    `),
  },
  {
    kind: "doc",
    patterns: words(`
    *.txt *.md *.pdf LICENSE* README* SETUP* *requirements* *.log *.tfevents* *.doc *.docx *.docm
    *.dot *.dotx *.dotm *.rtf *.odt *.ott *.fodt *.pages *.wpd *.xls *.xlsx *.xlsm *.xlsb *.xlt
    *.xltx *.xltm *.ods *.ots *.fods *.numbers *.ppt *.pptx *.pptm *.pps *.ppsx *.ppsm *.pot
    *.potx *.potm *.odp *.otp *.fodp *.key *.epub *.mobi *.azw *.azw3 *.fb2 *.fb3 *.lit *.pdb
    *.djvu *.djv *.html *.htm *.xhtml *.mhtml *.mht *.xml *.xsl *.xslt *.tex *.latex *.ltx *.bib
    *.rst *.asciidoc *.adoc *.textile *.wiki *.mediawiki *.org *.texi *.texinfo *.info *.man *.chm
    *.hlp *.xps *.jpg *.jpeg *.png *.gif *.bmp *.tiff *.ico *.webp *.heic *.heif *.hevc *.svg
    *.mp4 *.mov *.avi *.mkv *.webm *.m4v *.flv *.wmv *.mpg *.mpeg
    `),
  },
];

/** Base names that `generate` passes over: hidden files, Modelfiles, Python's by-products. */
const SKIPPED_NAMES: readonly string[] = words(`
  .* modelfile modelfile.* modelfile-* __pycache__ *.pyc *.pyo *.pyd
`);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

type NameTest = (name: string) => boolean;

/** A test for names that match one of `patterns`, in any letter case. */
function anyOf(patterns: readonly string[]): NameTest {
  const globs = patterns.map((pattern) => parseGlob(pattern, { ignoreCase: true }));
  return (name) => globs.some((glob) => glob.matches(name));
}

/** Compiled on first use: most commands need none of these five hundred patterns. */
function lazily(make: () => NameTest): NameTest {
  let test: NameTest | undefined;
  return (name) => (test ??= make())(name);
}

const KIND_TESTS = FILE_KINDS.map(({ kind, patterns }) => ({
  kind,
  matches: lazily(() => anyOf(patterns)),
}));

/**
 * What a file is, by its base name; by its size in bytes where no table knows the name.
 */
export function classify(basename: string, size: number): LayerKind {
  const known = KIND_TESTS.find(({ matches }) => matches(basename));
  return known?.kind ?? (size > LARGEST_UNKNOWN_CODE ? "model" : "code");
}

const matchesSkipped = lazily(() => anyOf(SKIPPED_NAMES));

/** Whether `generate` passes over files and folders of this base name. */
export function isSkipped(basename: string): boolean {
  return matchesSkipped(basename);
}
