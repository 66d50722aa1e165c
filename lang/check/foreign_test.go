package check_test

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/check"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/syntax"
)

// TestForeignNames holds what is said of names of other engines against the field table: what it tells to write exists, and what it is
// about does not.
func TestForeignNames(t *testing.T) {
	schema := langtest.Schema()
	for name, write := range check.Foreign {
		if schema.Field(name) != nil {
			t.Errorf("%s is a field here too", name)
		}
		if strings.Contains(write, " as ") { // words
			continue
		}
		for _, tok := range syntax.Tokens(write) {
			if tok.Kind == syntax.TokenWord && strings.Contains(tok.Text, ".") && !engineField(tok.Text) && schema.Field(tok.Text) == nil && funcs.Lookup(tok.Text) == nil {
				if _, event := schema.EventByName(tok.Text); !event {
					t.Errorf("%s: there is no %s", name, tok.Text)
				}
			}
		}
	}
	for name, write := range check.ForeignFuncs {
		if funcs.Lookup(name) != nil {
			t.Errorf("%s is a function here too", name)
		}
		if fn, _, ok := strings.Cut(write, "("); ok && !strings.Contains(fn, " ") && fn != "any" && funcs.Lookup(fn) == nil {
			t.Errorf("%s: there is no function %s", name, fn)
		}
	}
}

// TestForeignHints asks for the hints as a person gets them.
func TestForeignHints(t *testing.T) {
	for cond, want := range map[string]string{
		`dsize > 100`:                          "write payload.len",
		`id.orig_h == 10.0.0.1`:                "write client.ip",
		`tcp.dstport == 80`:                    "write dst.port",
		`DestinationPort == 80`:                "write dst.port",
		`http.uri contains "a" and c-uri > 5`:  "write http.uri",
		`tolower(http.uri) contains "a"`:       "write lower(x)",
		`http.uri contains "a" and conn_state`: "write flow.state",
		`http.urii contains "a"`:               "did you mean http.uri?",
	} {
		_, list := lang.Check(langtest.Schema(), "a.nids", []byte("rule A { when "+cond+" }"), lang.Options{})
		if len(list) != 1 || list[0].Severity != diag.Error || list[0].Hint != want {
			t.Errorf("%s: said %+v, wanted the hint %s", cond, list, want)
		}
	}
}

// engineField tells whether a field is one that the engine adds to those of protocols and packets.
func engineField(name string) bool {
	return strings.HasPrefix(name, "geo.") || strings.HasPrefix(name, "anomaly.")
}
