package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
	"github.com/luanids/luanids/lang/unparse"
)

func newImport(e *env) *cobra.Command {
	f := &flags{}
	var output string
	cmd := &cobra.Command{
		Use: "import FILE...", Short: "Translate rules of other engines into .nids", Args: cobra.MinimumNArgs(1),
		Long: "Print rules of other engines (Suricata's .rules, PyNIDS' .yaml) as .nids, with their metadata and comments. Rules that cannot be\n" +
			"translated are told on stderr, and left out.",
		Example: "  luanids import emerging.rules > emerging.nids\n  luanids import --classification-config classification.config -o et.nids *.rules",
		RunE: func(_ *cobra.Command, args []string) error {
			return importRules(e, f, args, output)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&output, "output", "o", "", "write to this file instead of stdout")
	fl.StringArrayVar(&f.vars, "var", nil, "give a variable of the rules its value: NAME=VALUE (repeatable)")
	fl.StringVar(&f.classification, "classification-config", "", "Suricata's classification.config, for priorities")
	return cmd
}

func importRules(e *env, f *flags, files []string, output string) error {
	for _, name := range files {
		if strings.HasSuffix(name, ".nids") {
			return usage(fmt.Errorf("%s is .nids already; luanids fmt brings it into canonical form", name))
		}
	}
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		return failed(err)
	}
	opt, err := ruleOptions(f, &cfg)
	if err != nil {
		return err
	}
	opt.Translate = true
	set, err := ruleset.Load(schema, files, opt)
	if err != nil {
		return usage(err)
	}
	say := newMessages(e, f)
	for _, d := range set.Diagnostics {
		if d.Code == "skipped" {
			say.warn("%s:%d: %s", d.File, d.Range.Start.Line, d.Summary)
		}
	}
	var b bytes.Buffer
	left := set.Skipped + writeImported(&b, set, say)
	if left > 0 && left == len(set.Rules)+set.Skipped {
		return failed(errors.New("no rule could be translated"))
	}
	text := bytes.TrimRight(b.Bytes(), "\n")
	if len(text) > 0 {
		text = append(text, '\n')
	}
	if len(set.Rules) == 0 {
		say.warn("%s: no rules", strings.Join(files, ", "))
	}
	if output == "" {
		_, err = e.stdout.Write(text)
	} else {
		err = os.WriteFile(output, text, 0o644)
	}
	if err != nil {
		return failed(err)
	}
	if left > 0 {
		say.warn("%s left out of %d", plural(left, "rule"), len(set.Rules)+set.Skipped)
	}
	return nil
}

// writeImported writes the lets, then file by file the rules, and gives how many had to be left out.
func writeImported(w io.Writer, set *ruleset.Set, say *messages) (left int) {
	lets := unparse.NewLets(set.Rules)
	if decls := lets.Decls(); len(decls) > 0 {
		fmt.Fprintln(w, syntax.Print(&syntax.File{Decls: decls}))
	}
	by := map[string][]*ir.Rule{}
	for _, r := range set.Rules {
		by[r.Pos.File] = append(by[r.Pos.File], r)
	}
	for _, name := range set.Files {
		if len(set.Files) > 1 {
			fmt.Fprintf(w, "# %s\n\n", name)
		}
		problems, err := unparse.File(w, &unparse.Source{Name: name, Rules: by[name], Comments: comments(set.Sources[name])}, lets)
		if err != nil {
			say.warn("%v", err)
		}
		left += len(problems)
		for _, p := range problems {
			say.warn("%s:%d: rule %s skipped: %v", p.Rule.Pos.File, p.Rule.Pos.Line, p.Rule.ID, p.Err)
		}
	}
	return left
}

// comments finds the lines of a rule file that are comments or empty.
func comments(text []byte) []unparse.Comment {
	var list []unparse.Comment
	s := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	s.Buffer(nil, len(text)+1)
	goesOn := false // a rule that was made a comment, in lines that are set in
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		comment := strings.HasPrefix(line, "#") || goesOn && line != "" && line[0] != s.Bytes()[0]
		if line == "" || comment {
			list = append(list, unparse.Comment{Line: n, Text: line})
		}
		goesOn = comment && strings.HasSuffix(line, "\\")
	}
	return list
}
