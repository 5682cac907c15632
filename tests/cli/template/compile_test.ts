import assert from "node:assert/strict";
import fc from "fast-check";
import { compileTemplate } from "../../../src/cli/template/compile.ts";
import { FUNCTIONS } from "../../../src/cli/template/functions.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { runIn } from "../support.ts";

const value = {
  Name: "demo",
  Digest: "sha256:abc",
  Family: "",
  Layers: [
    { Filepath: "config.json", Size: 3 },
    { Filepath: "a.bin", Size: 20 },
  ],
  Config: {
    descriptor: { name: "demo", authors: ["Ann", "Bob"], title: undefined },
    config: { capabilities: { reasoning: false } },
  },
  None: [],
};

function render(template: string): string {
  return compileTemplate(template).render(value);
}

Deno.test("help lists every function of templates", async () => {
  const { stdout } = await runIn(["inspect", "--help"]);
  const [, functions = ""] = /^ {2}functions +(.*(?:\n {4}.*)*)$/m.exec(stdout) ?? [];
  assert.deepEqual(functions.split(/,\s+/), Object.keys(FUNCTIONS));
});

Deno.test("templates fill in fields, and say what functions make of them", () => {
  const rows: [string, string][] = [
    ["", ""],
    ["plain } text {", "plain } text {"],
    ["{{.Digest}}", "sha256:abc"],
    ["{{range .Layers}}{{.Size}}{{println}}{{end}}", "3\n20\n"],
    ["{{ .Name }}: {{.Config.descriptor.name}}", "demo: demo"],
    ["{{$.Name}}", "demo"],
    ["[{{.Family}}{{.Config.descriptor.title}}{{.Config.descriptor.title.more}}]", "[]"],
    ["{{.Config.config}}", '{"capabilities":{"reasoning":false}}'],
    ["{{json .Layers}}", JSON.stringify(value.Layers)],
    ["{{json .}}", JSON.stringify(value)],
    ["{{json .Config.descriptor.title}}", "null"],
    ["{{.Layers | json}}", JSON.stringify(value.Layers)],
    ["{{len .Layers}} {{len .Name}} {{len .Config.descriptor}} {{len .None}}", "2 4 3 0"],
    ['{{len "é"}}', "2"],
    ["{{(index .Layers 1).Filepath}}", "a.bin"],
    ['{{index .Config "descriptor" "name"}}', "demo"],
    ['{{index .Config "no" "more"}}', ""],
    ["{{range .Layers}}{{.Filepath}} {{.Size}}\\n{{end}}", "config.json 3\na.bin 20\n"],
    ["{{range .Layers}}{{$.Name}}\\t{{end}}", "demo\tdemo\t"],
    ["{{range .Config.descriptor.authors}}<{{.}}>{{end}}", "<Ann><Bob>"],
    ["{{range .None}}x{{else}}none{{end}}", "none"],
    ["{{range .Config.descriptor.title}}x{{else}}none{{end}}", "none"],
    ["{{range .Config.config}}{{.reasoning}}{{end}}", "false"],
    ["{{if .Family}}a{{else if .Name}}b{{else}}c{{end}}", "b"],
    ["{{if .Family}}a{{else if .None}}b{{else}}c{{end}}!", "c!"],
    ["{{if not .Config.config.capabilities.reasoning}}no{{end}}", "no"],
    ["{{with .Config.descriptor}}{{.name}}{{end}}{{with .None}}x{{else}}-{{end}}", "demo-"],
    ['{{if eq .Name "demo" }}yes{{end}}{{if ne .Name "demo"}}no{{end}}', "yes"],
    ['{{if or (eq .Name "x") (eq (len .Layers) 2)}}yes{{end}}', "yes"],
    ["{{if and .Name .Family}}both{{else}}not both{{end}}", "not both"],
    ['{{join .Config.descriptor.authors ", "}}', "Ann, Bob"],
    ['{{json (split "a/b" "/")}}', '["a","b"]'],
    ["{{upper .Name}} {{.Name | upper | lower}}", "DEMO demo"],
    ['{{println "a" 1 true}}', "a 1 true\n"],
    ["{{print nil}}", ""],
    ["a {{- .Name -}} b", "ademob"],
    ["a {{- /* unseen */ -}} b{{/* }} */}}c", "abc"],
    ['{{"}}"}}{{`\\n`}}{{"\\n"}}\\n', "}}\\n\n\n"],
    ["a\\\\b \\x", "a\\\\b \\x"],
  ];
  for (const [template, text] of rows) assert.equal(render(template), text, template);
});

Deno.test("what is wrong with a template is said with its place", () => {
  const rows: [string, string, string[]?][] = [
    ["{{.Digets}}", 'there is no field "Digets" at character 3', [".Digest"]],
    ["é {{.Config.descripter.name}}", 'there is no field "descripter" at character 12', [
      ".descriptor",
    ]],
    ["{{.Name.more}}", '"more" is a field of something that has no fields at character 8'],
    ["{{.constructor}}", 'there is no field "constructor" at character 3'],
    ["{{.__proto__}}", 'there is no field "__proto__" at character 3'],
    ["{{jsn .}}", 'there is no function "jsn" at character 3', ["json"]],
    ["{{toString .}}", 'there is no function "toString" at character 3'],
    ["{{len}}", "len failed: it needs an argument at character 3"],
    ["{{len true}}", "len failed: true has no length at character 3"],
    ["{{index .Layers 2}}", "index failed: there is no element 2, the list has 2 at character 3"],
    ["{{index .Layers -1}}", "index failed: there is no element -1, the list has 2 at character 3"],
    ['{{index .Layers "a"}}', "index failed: a list is indexed by a number at character 3"],
    ['{{join .Name ","}}', "join failed: it is not a list at character 3"],
    ["{{range .Name}}{{end}}", "there is nothing to range over at character 9"],
    ["x {{.Name", "there is no }} for the {{ at character 3"],
    ["{{", "there is no }} for the {{ at character 1"],
    ["{{}}", 'expected a value or a function, found "}}" at character 3'],
    ["{{.Name .Digest}}", "a value takes no arguments, and a function was expected at character 3"],
    ["{{.Name | .Digest}}", "expected a function after | at character 11"],
    ["{{.Name |}}", 'expected a value or a function, found "}}" at character 10'],
    ["{{len json .}}", "the function json needs parentheses here at character 7"],
    ["{{range .Layers}}", "there is no {{end}} for the range at character 3"],
    ["{{if .Name}}{{else}}", "there is no {{end}} for the if at character 3"],
    ["{{if .Name}}{{else}}{{else}}{{end}}", "this is the second else of the block at character 23"],
    ["a{{end}}", "there is no block for end at character 4"],
    ["{{else}}", "there is no block for else at character 3"],
    ["{{(.Name}}", 'expected ")", found "}}" at character 9'],
    ["{{.Name)}}", 'expected }}, found ")" at character 8'],
    ['{{"abc}}', "the quoted text has no end at character 3"],
    ['{{"\\x"}}', 'the quoted text "\\x" has an escape that is not understood at character 3'],
    ["{{$x := 1}}", '"$" is not understood at character 3'],
    ["{{.Name..}}", '"." is not understood at character 8'],
    ["{{1.5}}", '"1" is not understood at character 3'],
    ["{{" + "(".repeat(200) + "}}", "it is nested too deeply at character 103"],
    ["{{if .Name}}".repeat(200), "it is nested too deeply at character 1203"],
  ];
  for (const [template, reason, suggestions] of rows) {
    assert.throws(() => render(template), (error) => {
      assert.ok(error instanceof InvalidInputError, `${template}: ${error}`);
      assert.ok(error.message.endsWith(`: ${reason}`), `${template}: ${error.message}`);
      assert.deepEqual(error.facts.suggestions, suggestions, template);
      return true;
    });
  }
});

Deno.test("an error shows the start of a long template only", () => {
  assert.throws(() => render("x".repeat(10_000) + "{{"), (error) => {
    return error instanceof InvalidInputError && error.message.length < 400;
  });
});

Deno.test("text without actions stays as it is", () => {
  const text = fc.string().filter((text) => !text.includes("{{") && !/\\[nt]/.test(text));
  fc.assert(fc.property(text, (text) => assert.equal(render(text), text)));
});

Deno.test("a quoted text gives itself", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    assert.equal(render(`{{${JSON.stringify(text)}}}`), text);
    assert.equal(render(`{{json ${JSON.stringify(text)}}}`), JSON.stringify(text));
  }));
});

Deno.test("every field can be reached, whatever is in it", () => {
  const name = fc.stringMatching(/^[A-Za-z_]\w{0,8}$/);
  fc.assert(fc.property(name, name, fc.jsonValue(), (outer, inner, leaf) => {
    const tree = Object.fromEntries([[outer, Object.fromEntries([[inner, leaf]])]]);
    const text = compileTemplate(`{{json .${outer}.${inner}}}`).render(tree);
    assert.equal(text, JSON.stringify(leaf));
  }));
});

Deno.test("any text is rendered or refused, never anything else", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ..."{{ }} {{- -}} . .Name .Layers $ ( ) | json len index range if else end".split(" "),
    ),
    fc.constantFrom(" ", '"', "`", "1", "/*", "*/", "with", "\\n"),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        assert.equal(typeof render(pieces.join("")), "string");
      } catch (error) {
        assert.ok(error instanceof InvalidInputError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
