package intel

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
)

// IsFeed tells whether a file is a feed, by its path and its first bytes: for tools that look through folders of files of
// all kinds. Load takes what it is given.
func IsFeed(path string, head []byte) bool {
	name := strings.ToLower(path)
	packed := strings.HasSuffix(name, ".gz")
	ext := filepath.Ext(strings.TrimSuffix(name, ".gz"))
	if !slices.Contains(feedNames, ext) {
		return false
	}
	if packed {
		return true
	}
	switch ext {
	case ".yaml", ".yml":
		return hasLine(head, "entries:", "indicators:", "iocs:")
	case ".json":
		return bytes.Contains(head, []byte(`"bundle"`)) || bytes.Contains(head, []byte(`"Attribute"`)) || bytes.Contains(head, []byte(`"Event"`))
	case ".txt", ".list", ".csv":
		return looksFeed(head)
	}
	return true
}

func hasLine(head []byte, starts ...string) bool {
	found := false
	eachLine(head, func(_ int, line string) {
		found = found || slices.ContainsFunc(starts, func(s string) bool { return strings.HasPrefix(line, s) })
	})
	return found
}

// looksFeed tells whether the first lines of a list are indicators, or the header of a table names them.
func looksFeed(head []byte) bool {
	good, bad := 0, 0
	eachLine(head, func(n int, line string) {
		if line == "" || good+bad >= 20 {
			return
		}
		row := strings.Split(strings.Trim(line, "#;! "), ",")
		if columnsOf(row) != nil && (len(row) > 1 || line[0] != '#') {
			good += 20
			return
		}
		if strings.IndexByte("#;!", line[0]) >= 0 {
			return
		}
		value, _, _ := strings.Cut(strings.Trim(row[0], `"`), " ")
		if list, err := normalize(value, hintAny); err == nil && len(list) > 0 {
			good++
		} else {
			bad++
		}
	})
	return good > 0 && good > bad
}
