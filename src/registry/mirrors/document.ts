/**
 * The document of rules: the tables `registry` of containers' `registries.conf` in its second
 * version, whatever it is written in. Of the first version its lists are read.
 * @module
 */
import * as form from "../../core/shapes/form.ts";
import type { Problem } from "../../core/errors.ts";
import { isRecord } from "../../core/json.ts";
import { problemsError } from "../../core/problems.ts";
import { quote, withoutEnd } from "../../core/text.ts";
import { isRegistryHost } from "../../oci/reference.ts";
import { type Mirror, MIRROR_USES, type MirrorRule, type MirrorUse } from "./rules.ts";

const flag = form.optional(form.flag);
const text = form.optional(form.text);

const mirrorFields = {
  location: form.matching(/./s, "is empty"),
  insecure: flag,
  "pull-from-mirror": form.optional(form.oneOf("", ...MIRROR_USES)),
};

const registryFields = {
  prefix: text,
  location: text,
  insecure: flag,
  blocked: flag,
  "mirror-by-digest-only": flag,
};

const looseDocument = form.map({
  registry: form.optional(form.listOf(form.map({
    ...registryFields,
    mirror: form.optional(form.listOf(form.map(mirrorFields))),
  }))),
  registries: form.optional(
    form.mapOf(form.map({ registries: form.optional(form.listOf(form.text)) })),
  ),
});

const strictDocument = form.closedMap({
  registry: form.optional(form.listOf(form.closedMap({
    ...registryFields,
    mirror: form.optional(form.listOf(form.closedMap(mirrorFields))),
  }))),
});

type RuleDocument = Partial<form.Formed<typeof looseDocument>>;
type RegistryTable = NonNullable<RuleDocument["registry"]>[number];

/**
 * The rules of a parsed document.
 *
 * @param strict Whether what nothing reads is refused: in a file that is ours alone.
 * @throws {InvalidInputError} with all that is wrong with it.
 */
export function mirrorRules(
  document: unknown,
  { file, strict = false }: { readonly file: string; readonly strict?: boolean },
): readonly MirrorRule[] {
  const what = quote(file);
  const value = isRecord(document) ? document : document ?? {};
  const tablesForm: form.Form<RuleDocument> = strict ? strictDocument : looseDocument;
  const formed = form.checkForm(tablesForm, value, what);
  const tables = formed.registry ?? [];
  const problems: Problem[] = [];
  const earlier = Object.entries(formed.registries ?? {});
  if (earlier.length > 0 && tables.length > 0) {
    problems.push({ message: "registry and registries are of two versions: use one of them" });
  }
  const rules = tables.map((table, index) => {
    const found = problemsOf(table);
    problems.push(...found.map((message) => ({ message: `registry.${index}: ${message}` })));
    return ruleOf(table, file);
  });
  if (problems.length > 0) throw problemsError(`read ${what}`, problems, { path: file });
  return [...rules, ...earlier.flatMap(([kind, list]) => firstVersion(kind, list, file))];
}

function ruleOf(table: RegistryTable, file: string): MirrorRule {
  const location = table.location ? bare(table.location) : undefined;
  const usual: MirrorUse = table["mirror-by-digest-only"] ? "digest-only" : "all";
  return {
    prefix: table.prefix ? bare(table.prefix) : location ?? "",
    location,
    insecure: table.insecure ?? false,
    blocked: table.blocked ?? false,
    mirrors: (table.mirror ?? []).map((mirror): Mirror => ({
      location: bare(mirror.location),
      insecure: mirror.insecure ?? false,
      use: mirror["pull-from-mirror"] || usual,
    })),
    file,
  };
}

/** A slash at the end means nothing. */
function bare(location: string): string {
  return withoutEnd(location, "/");
}

function problemsOf(table: RegistryTable): string[] {
  const { prefix = "", location = "", mirror = [] } = table;
  const problems: string[] = [];
  if (prefix === "" && location === "") problems.push("it has neither prefix nor location");
  if (prefix !== "" && location === "" && !prefix.startsWith("*.")) {
    problems.push(`prefix ${quote(prefix)} has no location: only one such as *.example.com may`);
  }
  if (prefix.startsWith("*.") ? prefix.includes("/") : prefix.includes("*")) {
    problems.push(`prefix ${quote(prefix)} is not of the form *.example.com`);
  }
  const host = prefix.replace(/^\*\./, "");
  for (const place of [host, location, ...mirror.map((each) => each.location)]) {
    if (place !== "") problems.push(...problemsOfPlace(place));
  }
  if (table["mirror-by-digest-only"] && mirror.some((each) => each["pull-from-mirror"])) {
    problems.push("mirror-by-digest-only and pull-from-mirror exclude each other");
  }
  return problems;
}

function problemsOfPlace(place: string): string[] {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(place)) {
    return [`${quote(place)} is a URL: write host/path, and insecure for HTTP`];
  }
  const [host = ""] = bare(place).split("/");
  return isRegistryHost(host) || place.includes("*")
    ? []
    : [`${quote(place)} does not begin with the host of a registry`];
}

/** The lists of the first version: registries that are insecure, and those that are blocked. */
function firstVersion(
  kind: string,
  { registries = [] }: { readonly registries?: readonly string[] },
  file: string,
): MirrorRule[] {
  if (kind !== "insecure" && kind !== "block") return [];
  return registries.map((location) => ({
    prefix: bare(location),
    location: bare(location),
    insecure: kind === "insecure",
    blocked: kind === "block",
    mirrors: [],
    file,
  }));
}
