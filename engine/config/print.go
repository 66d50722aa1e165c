package config

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Shipped is the annotated configuration that comes with luanids; it is what Example makes.
//
//go:embed luanids.yaml
var Shipped []byte

// Print writes the settings as a configuration file, each with where it comes from. With changed
// only those that somebody set, to the default even, or that differ from it.
func (s *Settings) Print(w io.Writer, changed bool) error {
	p := &printer{}
	defaults := Default()
	for _, k := range Keys() {
		for _, in := range k.instances(s) {
			t := k.get(s, in.wild)
			if changed && k.names == nil && s.Origin(in.name) == fromDefault && t.String() == k.get(defaults, in.wild).String() {
				continue
			}
			parts := partsOf(k, in)
			p.open(parts[:len(parts)-1])
			p.value("", parts[len(parts)-1], t, "  # "+from(s.Origin(in.name)))
		}
	}
	if changed && p.out.Len() == 0 {
		p.out.WriteString("# nothing is set\n")
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

func from(o Origin) string {
	if o == fromDefault {
		return o.Text
	}
	return "from " + o.Text
}

// partsOf gives the parts of a setting's name; what ** stands for is one part.
func partsOf(k *Key, in instance) []string {
	parts := strings.Split(k.Name, ".")
	n := 0
	for i, p := range parts {
		if (p == "*" || p == "**") && n < len(in.wild) {
			parts[i] = in.wild[n]
			n++
		}
	}
	return parts
}

// printer writes YAML with its groups.
type printer struct {
	out  bytes.Buffer
	path []string // the groups that are open
}

// open writes the headers of groups that are not open yet.
func (p *printer) open(path []string) (fresh bool) {
	same := 0
	for same < len(path) && same < len(p.path) && path[same] == p.path[same] {
		same++
	}
	for i := same; i < len(path); i++ {
		fmt.Fprintf(&p.out, "%s%s:\n", indent(i), quote(path[i]))
		fresh = true
	}
	p.path = path
	return fresh
}

func indent(n int) string { return strings.Repeat("  ", n) }

// value writes an entry of the open group; mark goes before it, tail after.
func (p *printer) value(mark, name string, t text, tail string) {
	in := indent(len(p.path)) + mark
	if len(t.entries) == 0 {
		fmt.Fprintf(&p.out, "%s%s: %s%s\n", in, quote(name), t.flow, tail)
		return
	}
	fmt.Fprintf(&p.out, "%s%s:%s\n", in, quote(name), tail)
	for _, e := range t.entries {
		fmt.Fprintf(&p.out, "%s  - %s\n", in, e)
	}
}

const exampleHead = `# Configuration of luanids: luanids -c luanids.yaml
#
# All settings are here, each with what it means and its default. A line that begins with #name: is
# switched off; take the # away to set it. Check the file with: luanids check luanids.yaml
# What is in effect, and where it comes from: luanids config --print -c luanids.yaml
#
# Sizes are bytes, or 64kb, 8mb, 1gb. Durations are seconds, or 500ms, 30s, 5m, 12h, 7d. Paths are relative
# to this file. Made by luanids config --example.
`

// Example writes the annotated configuration file. All settings in it are commented out.
func Example() []byte {
	p := &printer{}
	p.out.WriteString(exampleHead)
	defaults := Default()
	for _, g := range groups() {
		p.out.WriteByte('\n')
		if g.doc != "" {
			p.comment(0, g.doc)
		}
		for i := range g.keys {
			p.example(&g.keys[i], defaults)
		}
	}
	return p.out.Bytes()
}

// example writes one setting, commented out, with its documentation.
func (p *printer) example(k *Key, defaults *Settings) {
	name := strings.NewReplacer("**", "dns.version", "*.*", "BEH-BRUTE.fast").Replace(k.Name)
	switch {
	case strings.HasPrefix(k.Name, "host_policy."):
		name = "host_policy.windows"
	case strings.HasPrefix(k.Name, "vars."):
		name = "vars.HOME_NET"
	case strings.HasPrefix(k.Name, "app_layer.options."):
		name = "app_layer.options.http.libhtp.default-config.personality"
	}
	parts := partsOf(k, instance{})
	fixed := len(parts)
	for i, part := range parts {
		if strings.HasPrefix(part, "*") {
			fixed = i
			break
		}
	}
	all := strings.Split(name, ".")
	if fixed < len(parts) && parts[fixed] == "**" {
		all = append(all[:fixed:fixed], strings.Join(all[fixed:], "."))
	}
	p.open(parts[:min(fixed, len(parts)-1)])
	p.comment(len(p.path), sentence(k.Doc)+" "+sentence(k.about(defaults)))
	last := len(all) - 1
	shown := k.shown(defaults)
	for i := last; i > len(p.path); i-- { // detectors.BEH-BRUTE.fast: {fast: 8} of BEH-BRUTE
		shown = "{" + all[i] + ": " + shown + "}"
	}
	fmt.Fprintf(&p.out, "%s#%s: %s\n", indent(len(p.path)), all[len(p.path)], shown)
}

// about says what a value is, its bounds and default.
func (k *Key) about(defaults *Settings) string {
	list := []string{k.Type}
	if k.Range != "" && !strings.HasSuffix(k.Type, k.Range) {
		list = append(list, k.Range)
	}
	text := strings.Join(list, ", ")
	if d := k.defaultText(defaults); d != "" {
		text += "; default " + d
	}
	return text
}

// defaultText is the default as documentation shows it, "" for settings that the user names.
func (k *Key) defaultText(defaults *Settings) string {
	if k.names != nil {
		return ""
	}
	if d := k.get(defaults, nil).String(); d != `""` && d != "[]" {
		return d
	}
	return "none"
}

// shown is the value in the example: the default, or where that is empty something to go by.
func (k *Key) shown(defaults *Settings) string {
	if d := k.defaultText(defaults); d != "" && d != "none" {
		return d
	}
	return k.Example
}

// comment writes a comment, wrapped.
func (p *printer) comment(depth int, s string) {
	const width = 110
	line := indent(depth) + "#"
	for _, w := range strings.Fields(s) {
		if len(line)+1+len(w) > width {
			p.out.WriteString(line + "\n")
			line = indent(depth) + "#"
		}
		line += " " + w
	}
	p.out.WriteString(line + "\n")
}

// sentence makes a sentence of a clause.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// Markdown writes the reference of all settings.
func Markdown() []byte {
	var b bytes.Buffer
	defaults := Default()
	for _, g := range groups() {
		title := g.name
		if title == "" {
			title = "general"
		}
		fmt.Fprintf(&b, "### %s\n\n", title)
		if g.doc != "" {
			b.WriteString(g.doc + "\n\n")
		}
		b.WriteString("| setting | meaning | value | default |\n|---|---|---|---|\n")
		for i := range g.keys {
			k := &g.keys[i]
			def := k.defaultText(defaults)
			if def != "" && def != "none" {
				def = "`" + def + "`"
			}
			value := k.Type
			if k.Range != "" && !strings.HasSuffix(k.Type, k.Range) {
				value += ": " + k.Range
			}
			mark := ""
			if !k.Restart {
				mark = " ↻"
			}
			fmt.Fprintf(&b, "| `%s`%s | %s | %s | %s |\n", k.Name, mark, cell(k.Doc), cell(value), cell(def))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
