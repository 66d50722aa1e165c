package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lang/diag"
)

// isFeed tells whether a file is a feed of threat intelligence.
func isFeed(path string, head []byte) bool { return intel.IsFeed(path, head) }

// maxShownFeed is the size up to which the lines that findings are about are shown, bytes.
const maxShownFeed = 4 << 20

// checkFeeds checks feeds: what is left out of them is an error, what is used but odd a warning.
func checkFeeds(_ *flags, paths []string) (checked, error) {
	db, problems := intel.Load(paths)
	texts := map[string][]byte{}
	text := func(file string) []byte {
		if _, ok := texts[file]; !ok {
			texts[file] = nil
			if st, err := os.Stat(file); err == nil && st.Size() <= maxShownFeed {
				texts[file], _ = os.ReadFile(file)
			}
		}
		return texts[file]
	}
	out := checked{what: fmt.Sprintf("%s in %s", plural(db.Total(), "indicator"), plural(len(paths), "feed")), source: text}
	for _, p := range problems {
		d := diag.Diagnostic{File: p.File, Severity: diag.Warning, Code: "feed", Summary: p.Text}
		if p.Whole || p.Left {
			d.Severity = diag.Error
		}
		if p.Line > 0 {
			at := diag.Pos{Line: p.Line, Col: 1, Offset: lineAt(text(p.File), p.Line)}
			d.Range = diag.Range{Start: at, End: at}
		}
		out.list = append(out.list, d)
	}
	return out, nil
}

// lineAt gives the offset of a line, counted from 1.
func lineAt(text []byte, line int) int {
	at := 0
	for ; line > 1; line-- {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
	}
	return at
}
