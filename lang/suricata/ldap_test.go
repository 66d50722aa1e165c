package suricata

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// TestLDAP checks keywords that name a value or give its number, and places in lists.
func TestLDAP(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{`ldap.request.operation:search_request;`, `ldap.request.operation=="search_request"`},
		{`ldap.request.operation:!3;`, `exists(ldap.request.operation.number) and ldap.request.operation.number!=3`},
		{`ldap.request.operation:!bind_request;`, `exists(ldap.request.operation) and not ldap.request.operation=="bind_request"`},
		{`ldap.responses.operation:search_result_done,-1;`, `on ldap.tx to_client and (exists(ldap.responses.operation[-1]) and ldap.responses.operation[-1]!="" and ldap.responses.operation[-1]=="search_result_done")`},
		{`ldap.responses.result_code:49,1;`, `exists(ldap.responses.result_code[1]) and ldap.responses.result_code[1]>=0 and ldap.responses.result_code[1]==49`},
		{`ldap.responses.count:>3;`, `ldap.responses.count>3`},
		{`ldap.request.dn; content:"dc=a";`, `ldap.request.dn["dc=a"]`},
		{`ldap.responses.dn; content:"a"; ldap.responses.message; content:"b"; ldap.responses.attribute_type; content:"c";`,
			`ldap.responses.dn["a"] and ldap.responses.message["b"] and ldap.responses.attribute_type["c"]`},
	} {
		rules, skips := load(t, `alert ldap any any -> any any (`+c.options+` sid:1;)`, Options{})
		if len(skips) > 0 || len(rules) != 1 {
			t.Errorf("%s: %d rules, %v", c.options, len(rules), skips)
			continue
		}
		text := dumpRule(rules[0])
		if _, rest, ok := strings.Cut(text, ": "); ok {
			text = rest
		}
		if text != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.options, text, c.want)
		}
	}
	for options, want := range map[string]string{
		`ldap.request.operation:serach_request;`:             "did you mean search_request?",
		`ldap.request.operation:search_request,1;`:           "a place means nothing",
		`ldap.responses.operation:search_result_done,first;`: "any, all, or a number is wanted",
		`ldap.responses.result_code:sucess;`:                 "did you mean success?",
	} {
		rules, skips := load(t, `alert ldap any any -> any any (`+options+` sid:1;)`, Options{})
		if len(rules) > 0 || !strings.Contains(fmt.Sprint(skips), want) {
			t.Errorf("%s: %d rules, %v; want %q", options, len(rules), skips, want)
		}
	}
}

// TestPlace checks places counted from either end.
func TestPlace(t *testing.T) {
	values := []int64{7, 8, 9}
	list := dissect.Field{Name: "x", Type: dissect.TInt, Multi: true, IntN: func(e *dissect.Env, i int) (int64, bool) {
		if i >= len(values) {
			return 0, false
		}
		return values[i], true
	}}
	for n, want := range map[int]int64{0: 7, 2: 9, -1: 9, -3: 7, 3: -1, -4: -1} {
		v, ok := ir.Place(&list, n).Int(nil)
		if !ok {
			v = -1
		}
		if v != want {
			t.Errorf("place %d: %d, want %d", n, v, want)
		}
	}
}
