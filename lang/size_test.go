package lang

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lang/syntax"
)

// TestLargeRules loads, compiles and formats rules with tens of thousands of parts. What takes time that grows with the square of its size takes
// minutes here; the bound leaves room for a busy machine.
func TestLargeRules(t *testing.T) {
	const n = 20_000
	join := func(form, by string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = strings.ReplaceAll(form, "%", fmt.Sprint(i))
		}
		return strings.Join(parts, by)
	}
	for name, text := range map[string]string{
		"alternatives":      `rule A { when ` + join(`http.host == "h%.example"`, " or ") + ` }`,
		"a set":             `rule A { when http.host in {` + join(`"h%.example"`, ", ") + `} }`,
		"texts":             `rule A { when http.uri contains {` + join(`"h%.example"`, ", ") + `} }`,
		"conditions":        `rule A { when ` + join(`http.uri contains "h%.example"`, " and ") + ` }`,
		"negations":         `rule A { when ` + join(`http.host != "h%.example"`, " and ") + ` and http.uri contains "abc" }`,
		"pairs":             `rule A { when ` + join(`(http.host == "h%.example" and http.uri contains "u%")`, " or ") + ` }`,
		"arithmetic":        `rule A { when len(http.uri) ` + join(`+ %`, " ") + ` > 5 and http.method == "GET" }`,
		"unknown fields":    `rule A { when ` + join(`http.uri% == "a"`, " or ") + ` }`,
		"unknown functions": `rule A { when ` + join(`lowr%(http.uri) == "a"`, " or ") + ` }`,
		"unknown rules":     join("test A% { packet { } alerts 0 }", "\n"),
		"steps":             "sequence A by src.ip within 5m {\n" + join(" s%: http.request", "\n") + "\n}",
		"unused lets":       join(`let L% = {"a%"}`, "\n") + "\nrule A { when http.host in L1 }",
		"a chain":           `rule A { when payload has [` + join(`"h%.example"`, ", ") + `] }`,
		"flags":             `rule A { when http.uri contains "abc" and (` + join(`flow.flag("f%")`, " or ") + `) }`,
		"equal ids":         join(`rule A { when http.host == "h%.example" }`, "\n"),
		"thresholds":        `rule A { when http.uri contains "abc" ` + join("threshold 5 in 60s by src.ip", "\n") + ` }`,
	} {
		begin := time.Now()
		rs, list := Check(langtest.Schema(), "a.nids", []byte(text), Options{WarnUnused: true, WarnCaptures: true})
		match.Compile(langtest.Schema(), rs.Rules, match.Options{Sequences: rs.Sequences})
		syntax.Format([]byte(text))
		d := time.Since(begin)
		t.Logf("%-18s %v, %d messages", name, d.Round(time.Millisecond), len(list))
		if want := map[string]string{"steps": "a sequence has at most 256 steps", "arithmetic": "this nests deeper than 256 levels"}[name]; want != "" &&
			(len(list) != 1 || list[0].Summary != want) {
			t.Errorf("%s: said %v, wanted %s", name, list, want)
		}
		if d > 10*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
		if len(rs.Rules)+len(rs.Sequences) == 0 && len(list) == 0 {
			t.Errorf("%s: no rule, and nothing is said", name)
		}
	}
}
