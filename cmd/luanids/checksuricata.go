package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/suricata"
)

// Suricata's files beside rules are told apart by what their first line that is no comment begins with.
var suricataConf = regexp.MustCompile(`(?m)\A(?:\x{feff}?[ \t]*(?:#.*)?\r?\n)*[ \t]*(suppress|threshold|event_filter|rate_filter|config\s+classification|config\s+reference)\b`)

// suricataConfExt is the extension of such files.
const suricataConfExt = ".config"

func isSuricataConf(path string, head []byte) bool {
	return strings.EqualFold(filepath.Ext(path), suricataConfExt) && suricataConf.Match(head)
}

// checkSuricataConf checks files with thresholds, classes or kinds of references.
func checkSuricataConf(f *flags, paths []string) (checked, error) {
	schema, opt, err := checkOptions(f)
	if err != nil {
		return checked{}, err
	}
	c := checked{what: plural(len(paths), "file") + " of thresholds, classes and references"}
	sources := map[string][]byte{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return checked{}, err
		}
		sources[path] = text
		var at *eve.LineError
		switch word := suricataConf.FindSubmatch(text); {
		case word == nil || bytes.HasPrefix(word[1], []byte("config")) && bytes.HasSuffix(word[1], []byte("reference")):
			_, err = eve.ReadReferences(path, bytes.NewReader(text))
		case bytes.HasPrefix(word[1], []byte("config")):
			_, err = eve.ReadClasses(path, bytes.NewReader(text))
		default:
			_, bad := suricata.ReadThresholds(schema, path, text, suricata.Options{Vars: opt.Vars})
			for _, s := range bad {
				c.list = append(c.list, lineProblem(text, path, int(s.Pos.Line), ruleset.BadThreshold, diag.Warning, "line ignored: "+s.Keyword+": "+s.Why))
			}
		}
		switch {
		case errors.As(err, &at):
			c.list = append(c.list, lineProblem(text, path, at.Line, "bad-line", diag.Error, at.What))
		case err != nil:
			return checked{}, err
		}
	}
	c.source = func(file string) []byte { return sources[file] }
	return c, nil
}

// lineProblem is a finding about a whole line.
func lineProblem(text []byte, file string, line int, code string, severity diag.Severity, what string) diag.Diagnostic {
	at := diag.Pos{Line: line, Col: 1}
	for range line - 1 {
		n := bytes.IndexByte(text[at.Offset:], '\n')
		if n < 0 {
			break
		}
		at.Offset += n + 1
	}
	return diag.Diagnostic{File: file, Range: diag.Range{Start: at, End: at}, Severity: severity, Code: code, Summary: what}
}
