package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/lang/diag"
)

func newFields(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "fields [PATTERN]...", Short: "List the fields that rules and scripts can read",
		Long: "List every field with its type, the event from which on it is known, and its meaning.\nPATTERN is part of a name, or a glob: luanids fields 'http.*'. Where no name has it, the meanings are looked through: luanids fields server name",
		RunE: func(_ *cobra.Command, args []string) error {
			schema, err := engine.NewSchema(&eve.Options{})
			if err != nil {
				return failed(err)
			}
			pattern := strings.Join(args, " ")
			match := fieldMatches
			if !slices.ContainsFunc(schema.Fields(), func(f *dissect.Field) bool { return match(f, pattern) }) {
				match = docMatches
			}
			tw := tabwriter.NewWriter(e.stdout, 0, 8, 2, ' ', 0)
			n := 0
			for _, f := range schema.Fields() {
				if !match(f, pattern) {
					continue
				}
				n++
				fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", f.Name, typeName(f), f.Event, fieldDoc(f))
			}
			tw.Flush()
			if n == 0 {
				near := ""
				if list := diag.Nearest(pattern, schema.FieldNames()); len(list) > 0 {
					near = "; " + diag.DidYouMean(list)
				}
				return usage(fmt.Errorf("no field matches %q%s", pattern, near))
			}
			return nil
		},
	}
}

func fieldMatches(f *dissect.Field, pattern string) bool {
	if pattern == "" {
		return true
	}
	pattern = strings.ToLower(pattern)
	for _, n := range append([]string{f.Name}, f.Alias...) {
		if ok, _ := path.Match(pattern, n); ok || strings.Contains(n, pattern) {
			return true
		}
	}
	return false
}

// docMatches tells whether what a field means has all words of a pattern.
func docMatches(f *dissect.Field, pattern string) bool {
	doc := strings.ToLower(f.Name + " " + f.Doc)
	for _, w := range strings.Fields(strings.ToLower(pattern)) {
		if !strings.Contains(doc, w) {
			return false
		}
	}
	return true
}

func typeName(f *dissect.Field) string {
	if f.Multi {
		return "list of " + f.Type.String()
	}
	return f.Type.String()
}

func fieldDoc(f *dissect.Field) string {
	d := f.Doc
	if len(f.Alias) > 0 {
		d += " (also " + strings.Join(f.Alias, ", ") + ")"
	}
	if len(f.Values) > 0 {
		d += " {" + strings.Join(f.Values, ", ") + "}"
	}
	if f.Hi > 0 {
		d += fmt.Sprintf(" {%d..%d}", f.Lo, f.Hi)
	}
	return d
}
