package lua

import (
	"fmt"
	"strings"
)

// Markdown is the reference of the API, docs/lua.md, made of its declarations.
func Markdown() string {
	prepare()
	var b strings.Builder
	b.WriteString(docsHead)
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n", s.name)
		if s.doc != "" {
			fmt.Fprintf(&b, "\n%s\n", s.doc)
		}
		for _, d := range s.funcs {
			writeFunc(&b, "nids."+d.name, &d)
		}
	}
	b.WriteString("\n## Objects\n")
	for _, c := range classes {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", c.name, c.doc)
		if len(c.fields)+len(c.methods) == 0 {
			continue
		}
		b.WriteString("| member | what it is |\n|---|---|\n")
		for _, f := range c.fields {
			fmt.Fprintf(&b, "| `%s`: %s | %s |\n", f.name, cell(f.typ), cell(f.doc))
		}
		for _, m := range c.methods {
			fmt.Fprintf(&b, "| `%s` | %s |\n", cell(methodHead(&m)), cell(m.doc))
		}
	}
	b.WriteString(docsTail)
	return b.String()
}

// cell makes a text fit for a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

func writeFunc(b *strings.Builder, name string, d *decl) {
	fmt.Fprintf(b, "\n### `%s%s`\n\n%s\n", name, strings.TrimPrefix(d.sig, "fun"), d.doc)
	if d.example != "" {
		fmt.Fprintf(b, "\n```lua\n%s\n```\n", d.example)
	}
}

// methodHead is a method as one calls it: :push(time: number, size?: number).
func methodHead(d *decl) string {
	sig := strings.TrimPrefix(d.sig, "fun(")
	if _, rest, ok := strings.Cut(sig, "self: "); ok {
		i := strings.IndexAny(rest, ",)")
		sig = strings.TrimPrefix(strings.TrimPrefix(rest[i:], ","), " ")
	}
	return ":" + d.name + "(" + sig
}

// DetectorsMarkdown is the reference of detectors, made of the comment at the head of each script and of what it
// declares. The scripts must be those that rt was loaded from.
func DetectorsMarkdown(rt *Runtime, sources []Source) string {
	var b strings.Builder
	for _, s := range sources {
		head := header(s.Text)
		if head == "" {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", strings.TrimSuffix(s.Name, ".lua"), head)
		for _, d := range rt.Detectors() {
			if d.Script == s.Name {
				writeDetector(&b, d)
			}
		}
	}
	return b.String()
}

func writeDetector(b *strings.Builder, d *Detector) {
	fmt.Fprintf(b, "\n**%s** %s: %s, %s, %s\n", d.ID, d.Title, d.Type, d.Severity, strings.Join(d.MITRE, ", "))
	if len(d.Params) == 0 {
		return
	}
	b.WriteString("\n| parameter | default | |\n|---|---|---|\n")
	for _, p := range d.Params {
		text := p.Text
		if len(text) > 60 {
			text = text[:57] + "..."
		}
		fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", p.Name, cell(text), cell(p.Doc))
	}
}

// header is the comment at the head of a script, as paragraphs.
func header(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		c, ok := strings.CutPrefix(line, "--")
		if !ok {
			break
		}
		lines = append(lines, strings.TrimSpace(c))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Annotations is the API for Lua language servers (LuaLS): a file of definitions, never run.
func Annotations() string {
	prepare()
	var b strings.Builder
	b.WriteString("---@meta nids\n-- Made of the API's declarations by go test ./lua -update; do not edit. For language servers; not to be run.\n\n")
	b.WriteString("---@class DetectorDeclaration\n---@field id string\n---@field title? string\n---@field severity? \"info\"|\"low\"|\"medium\"|\"high\"|\"critical\"\n" +
		"---@field type? \"behavioral\"|\"anomaly\"\n---@field mitre? string|string[]\n---@field tags? string|string[]\n---@field doc? string\n---@field params? table<string, any>\n" +
		"---@field cooldown? string|number\n---@field key? string\n\n")
	b.WriteString("---@class StoreDeclaration\n---@field name? string\n---@field key? string\n---@field ttl? string|number\n---@field max_age? string|number\n" +
		"---@field max? number\n---@field value? fun(): any\n---@field on_expire? fun(value: any, ...)\n\n")
	b.WriteString("---@class SpikesDeclaration\n---@field name? string\n---@field key? string\n---@field ttl? string|number\n---@field max_age? string|number\n" +
		"---@field max? number\n---@field every string|number\n---@field floor? number\n---@field sigma? number\n---@field alpha? number\n" +
		"---@field warmup? number\n---@field drift? number\n---@field threshold? number\n\n")
	for _, c := range classes {
		comment(&b, c.doc)
		fmt.Fprintf(&b, "---@class %s\n", c.name)
		if c.name == "Event" {
			b.WriteString("---@field [string] any\n")
		}
		for _, f := range c.fields {
			fmt.Fprintf(&b, "---@field %s %s %s\n", f.name, f.typ, f.doc)
		}
		for _, m := range c.methods {
			fmt.Fprintf(&b, "---@field %s %s %s\n", m.name, m.sig, m.doc)
		}
		b.WriteString("\n")
	}
	b.WriteString("---@class nids\nnids = {}\n")
	for _, s := range sections {
		for _, d := range s.funcs {
			b.WriteString("\n")
			comment(&b, d.doc)
			fmt.Fprintf(&b, "---@type %s\nnids.%s = nil\n", d.sig, d.name)
		}
	}
	for _, name := range nidsConstants() {
		fmt.Fprintf(&b, "\n---@type any\nnids.%s = nil\n", name)
	}
	return b.String()
}

func comment(b *strings.Builder, doc string) {
	if doc != "" {
		fmt.Fprintf(b, "---%s\n", doc)
	}
}

const docsHead = `# Lua reference

<!-- Made of the API's declarations (lua/api_*.go) by go test ./lua -update; do not edit. -->

Rules match; scripts remember and count. A script registers handlers at its top level, and from then on is
called with events in packet order. It has one interpreter to itself (Lua 5.1), so that plain variables and
tables are right at any number of workers.

` + "```lua" + `
local detect = nids.detector { id = "X-UPLOADS", title = "Many uploads", severity = "low",
  params = { most = 100, window = "1h" } }
local puts = nids.store { key = "src.ip", ttl = "2h", value = function() return nids.counter(detect.params.window) end }

nids.on("http.request", 'http.method == "PUT" and not dst.ip in HOME', function(ev)
  local n = puts:get(ev):add()
  if n > detect.params.most then detect:alert(ev, 0.7, { uploads = n }) end
end)
` + "```" + `

**Filters** are conditions of the rule language. They are compiled into the same matching tree as the rules: Lua
runs only where one holds. ` + "`HOME`" + ` is private address space unless ` + "`--var HOME=...`" + ` says otherwise.

**Settings** override parameters by the detector's id or the script's name, and are checked by type and bounds. Each
detector also has ` + "`enabled`" + ` and ` + "`severity`" + `.

**Limits** hold for each script by itself: instructions of a callback (counted, so that a replay stops at the same
place), memory, depth of calls, length of strings, steps of a pattern, number of errors. A script that meets one is
stopped, and said so with its line and a traceback; the others run on. Of what it logs, 1000 lines a second of packet
time and 4 kB a line are shown. At the memory limit stores lose their least used half first.

**The sandbox** has the libraries string, table and math; os.time, os.date and os.clock in packet time; require for
modules in the script folders. There is no io, no os.execute, no loading of code, no debug, no coroutines. Random
numbers (math.random) are the same on every run. ` + "`string.split(text, separator)`" + ` is added.

**Mistakes** are found by ` + "`luanids check`" + ` before anything runs, all at once, with line and column: syntax; events, fields, functions,
methods, options and parameters that do not exist; filters and keys; methods called without a colon; what only the top level
may do; globals that nobody sets and locals that nobody reads. At run time an error names its line and the handler, counts
against the script, and ends it when there were ten.

**Tests** stand beside the script in NAME_test.lua and run by ` + "`luanids test`" + `: see the end of this page.
`

const docsTail = `
## Tests

` + "`test(name [, options], function(t) ... end)`" + ` loads the script anew, with options ` + "`params`, `vars` and `intel`" + `. Filters are
judged as in the engine. Packet time goes on with the events, in seconds from an arbitrary beginning.

| | |
|---|---|
| ` + "`t:event(name, fields)`" + ` | an event; fields by their names (` + "`[\"http.uri\"] = \"/\"`" + `), and src, dst ("10.0.0.1:80"), proto, time, start, duration, bytes, packets, payload (each {to server, to client}), flags ({"S", "RA"}), established, app, dir, data; flow is a name that joins events of one flow |
| ` + "`t:flow(fields)`" + ` | the events flow.start and flow.end of one flow |
| ` + "`t:tick(time)`" + ` | lets packet time go on |
| ` + "`t:exit()`" + ` | the end of the run |
| ` + "`t:replay(capture)`" + ` | the script on a capture |
| ` + "`t:expect(id, n)`" + ` | fails unless the detector alerted n times; n may be "some", id "*" |
| ` + "`t:alerts()`" + ` | the alerts: id, title, severity, score, time, src_ip, dst_ip, evidence |
| ` + "`t:equal(got, want)`, `t:printed()`" + ` | |

` + "```lua" + `
test("many uploads", { params = { most = 3 } }, function(t)
  for i = 1, 5 do
    t:event("http.request", { time = i, src = "10.0.0.5:4000", ["http.method"] = "PUT" })
  end
  t:expect("X-UPLOADS", 2)
end)
` + "```" + `
`
