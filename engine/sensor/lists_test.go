package sensor

import (
	"strings"
	"testing"
	"time"
)

// TestListsOfScripts: nids.list gives what a list of the rule files holds, and an edit of that list loads the scripts that
// asked for it anew, and no others.
func TestListsOfScripts(t *testing.T) {
	u := newSetup(t, map[string]string{
		"luanids.yaml":       "rules: { files: [rules] }\nscripts: { files: [scripts] }\n",
		"rules/main.nids":    "include \"sub/lists.inc.nids\"\nrule R-1 \"x\" { when http.path in words }\n",
		"rules/sub/bad.txt":  "10.0.0.0/8\n192.0.2.1 # two\n",
		"scripts/asks.lua":   "local bad = nids.list(\"bad\")\nnids.log(\"has \" .. bad:count() .. tostring(bad:has(\"192.0.2.1\")))\n",
		"scripts/other.lua":  "nids.log(\"other\")\n",
		"rules/sub/w.txt":    "/a\n",
		"rules/sub/new.nids": "rule R-2 \"y\" { when tcp.syn }\n",
		"rules/sub/lists.inc.nids": "list bad of ip from \"bad.txt\"\n" +
			"list words from \"w.txt\"\n",
	})
	s, h := u.start(1)
	defer s.Close()
	h.want(t, "has 2true")
	background(t, s.Watch)
	time.Sleep(50 * time.Millisecond)
	u.replace("rules/sub/bad.txt", "10.0.0.0/8\n192.0.2.2\n198.51.100.0/24\n")
	h.want(t, "has 3false")
	if line := h.want(t, "reloaded in"); !strings.Contains(line, "scripts 2 (1 changed)") || !strings.Contains(line, "lists 2 (1 changed)") {
		t.Errorf("said %q", line)
	}
}
