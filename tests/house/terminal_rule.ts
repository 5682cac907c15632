/**
 * Finds uses of the terminal, the arguments, the environment and the end of the process in a source
 * text. It reads the syntax tree, so comments and strings do not count.
 * @module
 */

/** What nobody outside the command line may touch, by global; `*` means all of it. */
const FORBIDDEN: ReadonlyMap<string, readonly string[]> = new Map([
  ["console", ["*"]],
  ["Deno", ["args", "consoleSize", "env", "exit", "exitCode", "stderr", "stdin", "stdout"]],
  ["process", ["argv", "env", "exit", "exitCode", "stderr", "stdin", "stdout"]],
]);

/** Parents under which a name is a key or a type, not a reference to a global. */
const NOT_A_REFERENCE = new Set(["TSQualifiedName", "TSPropertySignature", "ImportSpecifier"]);

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    terminal: {
      create: (context) => ({
        Identifier(node) {
          const use = forbiddenUse(node);
          if (use !== undefined) context.report({ node, message: use });
        },
      }),
    },
  },
};

/** The forbidden things that a text uses, such as `Deno.stdout`, in order of appearance. */
export function terminalUses(file: string, text: string): string[] {
  const found = Deno.lint.runPlugin(plugin, file, text).map(({ message }) => message);
  return [...new Set(found)];
}

/** What an identifier uses that is forbidden, if it names one of the globals. */
function forbiddenUse(node: Deno.lint.Identifier): string | undefined {
  const members = FORBIDDEN.get(node.name);
  if (members === undefined || !isReference(node)) return undefined;
  if (members.includes("*")) return node.name;
  const used = usedMembers(node);
  // A global that is passed on whole could be used in any way.
  if (used === undefined) return node.name === "Deno" ? node.name : undefined;
  const forbidden = used.find((name) => members.includes(name));
  return forbidden === undefined ? undefined : `${node.name}.${forbidden}`;
}

/** Whether an identifier reads a global, rather than naming a key, a member or a type. */
function isReference(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  if (NOT_A_REFERENCE.has(parent.type)) return false;
  if (parent.type === "Property") {
    return parent.shorthand || parent.computed || parent.key.range[0] !== node.range[0];
  }
  if (parent.type !== "MemberExpression" || parent.property !== node) return true;
  const object = parent.object;
  return parent.computed || (object.type === "Identifier" && object.name === "globalThis");
}

/** The members of a global that its surroundings read; `undefined` when that cannot be told. */
function usedMembers(node: Deno.lint.Identifier): string[] | undefined {
  const whole = viaGlobalThis(node);
  const parent = whole.parent;
  if (parent.type === "MemberExpression" && parent.object === whole) {
    return nameOf(parent.property, parent.computed);
  }
  if (parent.type === "VariableDeclarator" && parent.id.type === "ObjectPattern") {
    const names = parent.id.properties.map((property) =>
      property.type === "Property" ? nameOf(property.key, property.computed) : undefined
    );
    return names.includes(undefined) ? undefined : names.flatMap((name) => name ?? []);
  }
  return parent.type === "UnaryExpression" && parent.operator === "typeof" ? [] : undefined;
}

/** The expression that means the global: the identifier, or `globalThis.` and the identifier. */
function viaGlobalThis(
  node: Deno.lint.Identifier,
): Deno.lint.Identifier | Deno.lint.MemberExpression {
  const parent = node.parent;
  return parent.type === "MemberExpression" && parent.property === node ? parent : node;
}

function nameOf(key: Deno.lint.Node, computed: boolean): string[] | undefined {
  if (key.type === "Identifier" && !computed) return [key.name];
  return key.type === "Literal" && typeof key.value === "string" ? [key.value] : undefined;
}
