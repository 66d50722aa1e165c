package syntax

import (
	"strings"

	"github.com/alecthomas/participle/v2"
)

// expectation words what participle wanted, which it gives as a piece of EBNF.
func expectation(u *participle.UnexpectedTokenError) string {
	msg := u.Message()
	i := strings.LastIndex(msg, "(expected ")
	if i < 0 {
		return ""
	}
	want := strings.TrimSuffix(msg[i+len("(expected "):], ")")
	want = strings.TrimLeft(want, "( ")
	if w, ok := wordings[strings.TrimRight(want, ")*?+ ")]; ok {
		return w
	}
	first, _, _ := strings.Cut(want, " ")
	if w, ok := wordings[strings.TrimRight(first, ")*?+")]; ok {
		return w
	}
	return strings.Trim(first, `"()*?+`)
}

const wantAlerts = "alerts and a number"

// wordings names the grammar's productions in a person's words.
var wordings = map[string]string{
	"Word": "a name", "ID": "an id", "Lit": "a value", "Expr": "an expression", "Stmt": "a statement or }",
	"TestCase": "pcap or an event", "TestMsg": "an event such as http.request", "TestField": "a field or }",
	"MetaPair": "a key", "<ident>": "a word", `"}"`: "}", `"{"`: "{", `"="`: "=", `"from"`: "from",
	`"alerts"`: wantAlerts, `"in"`: "in and a duration, such as in 60s", `":"`: ":",
}
