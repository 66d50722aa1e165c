package unparse

import (
	"bufio"
	"io"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// Problem is a rule that .nids cannot express.
type Problem struct {
	Rule *ir.Rule
	Err  error
}

// Comment is a line of the source that is no rule.
type Comment struct {
	Line int    // 1-based
	Text string // without line end; "" for an empty line
}

// Source is a file of rules in another format.
type Source struct {
	Name     string
	Rules    []*ir.Rule
	Comments []Comment
}

// File writes a source as .nids: the comments stand before the rules that they stood before, in the order of
// the source. Rules that .nids cannot express are left out, with a Problem each.
func File(w io.Writer, src *Source, lets *Lets) ([]Problem, error) {
	out := bufio.NewWriter(w)
	rules := slices.Clone(src.Rules)
	slices.SortStableFunc(rules, func(a, b *ir.Rule) int { return int(a.Pos.Line - b.Pos.Line) })
	comments := src.Comments
	var problems []Problem
	for _, r := range rules {
		n := 0
		for n < len(comments) && comments[n].Line < int(r.Pos.Line) {
			n++
		}
		writeComments(out, comments[:n])
		comments = comments[n:]
		tree, err := Rule(r, lets)
		if err != nil {
			problems = append(problems, Problem{r, err})
			continue
		}
		out.WriteString(syntax.Print(&syntax.File{Decls: []syntax.Decl{tree}}))
		out.WriteString("\n")
	}
	writeComments(out, comments)
	return problems, out.Flush()
}

// writeComments keeps comments; empty lines in a row become one, and those at the ends go.
func writeComments(out *bufio.Writer, list []Comment) {
	blank, any := false, false
	for _, c := range list {
		text := strings.TrimRight(c.Text, " \t\r")
		if text == "" || text == "#" && !any {
			blank = any
			continue
		}
		if blank {
			out.WriteString("\n")
		}
		blank, any = false, true
		if !strings.HasPrefix(text, "#") {
			text = "# " + text
		}
		out.WriteString(strings.Map(plain, text) + "\n")
	}
	if blank {
		out.WriteString("\n")
	}
}

// plain keeps what a comment cannot hold out of it.
func plain(r rune) rune {
	if r < ' ' && r != '\t' || r == 0x7f {
		return ' '
	}
	return r
}
