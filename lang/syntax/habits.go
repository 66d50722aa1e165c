package syntax

import (
	"regexp"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/luanids/luanids/lang/diag"
)

// What people write by habit of other languages, and how it is written here: hints of syntax errors.

// habits are for tokens and characters that stand nowhere, or not where they were found.
var habits = map[string]string{
	")":       "this ) closes nothing",
	"by":      "several keys are separated by commas: by src.ip, dst.ip",
	"track":   "what is counted by stands behind by: threshold 5 in 60s by src.ip",
	";":       "a statement ends by itself: no ; is needed",
	".":       `a key is an argument: host.flag("name", src.ip)`,
	"\\":      `bytes are written in quotes: "\x41", or x"41 42"`,
	"$":       "a let is named without $",
	"%":       "a share is written 0.9",
	":":       "a range is written 80..90; the label of a step stands first: b: then http.response",
	"is":      "a comparison is written ==",
	"eq":      "a comparison is written ==",
	"ne":      "a comparison is written !=",
	"lt":      "a comparison is written <",
	"gt":      "a comparison is written >",
	"le":      "a comparison is written <=",
	"ge":      "a comparison is written >=",
	"equals":  "a comparison is written ==",
	"like":    "compare with contains, startswith, endswith, or ~ /regular expression/",
	"per":     "what is counted by stands behind by: threshold 5 in 60s by src.ip",
	"minute":  "durations are written 60s, 5m, 1h",
	"minutes": "durations are written 60s, 5m, 1h",
	"second":  "durations are written 60s, 5m, 1h",
	"seconds": "durations are written 60s, 5m, 1h",
	"hour":    "durations are written 60s, 5m, 1h",
	"hours":   "durations are written 60s, 5m, 1h",

	// What word processors and web pages make of plain characters.
	"\u201c": straightQuotes, "\u201d": straightQuotes, "\u201e": straightQuotes, "\u2018": straightQuotes, "\u2019": straightQuotes,
	"\u00ab": straightQuotes, "\u00bb": straightQuotes, "`": straightQuotes,
	"\u2013": plainDash, "\u2014": plainDash, "\u2212": plainDash,
	"\u2260": "write !=", "\u2264": "write <=", "\u2265": "write >=", "\u2026": "a range is written 80..90",
	"\u00a0": "this is a no-break space: write a plain one", "\u202f": "this is a no-break space: write a plain one",
	"\u200b": "this is a space of no width: take it away", "\ufeff": "this is a byte order mark amid the file: take it away",

	"icontains":   `write contains "text" nocase`,
	"istartswith": `write startswith "text" nocase`,
	"iendswith":   `write endswith "text" nocase`,
	"ieq":         `write == "text" nocase`,
}

const (
	straightQuotes = `texts stand in straight quotes: "text"`
	plainDash      = "this is a dash: write -"
)

// afterNumber are units that a space parts from their number.
var afterNumber = map[string]bool{"B": true, "kB": true, "KB": true, "MB": true, "GB": true, "KiB": true, "MiB": true, "GiB": true, "kb": true, "mb": true, "gb": true,
	"s": true, "sec": true, "ms": true, "min": true, "m": true, "h": true, "d": true, "days": true}

// fileName matches names of files that rules may name.
var fileName = regexp.MustCompile(`\.(pcap|pcapng|nids|rules|txt|csv|lst)(\.gz|\.zst)?$`)

// infixWords are the words that may follow an operand.
var infixWords = []string{"and", "or", "in", "not", "contains", "startswith", "endswith", "matches", "has", "exists", "nocase"}

// habit gives the hint for a token where something else was wanted.
func habit(t *lexer.Token, want string) string {
	switch {
	case want == "a value" && t.Value == "count":
		return "the number comes first: threshold 5 in 60s by src.ip"
	case want == "a value" && t.Value == ">":
		return "what follows stands behind, without an arrow; two comparisons are joined by and"
	case want == "a value" && infixes[t.Value].Compares():
		return `each comparison names its field: x contains "a" and x contains "b"; or x contains {"a", "b"}`
	case want != "" && t.Value == ":":
		return "no colon is needed"
	case want == "{" && t.Value == "by":
		return "by stands before within: by src.ip within 5m"
	case want == "of":
		return "a number of times is written 3 of http.request"
	case want == wantAlerts:
		return "such as alerts 1"
	case want == "a value" && fileName.MatchString(t.Value):
		return "names of files stand in quotes"
	case want == "a value" && t.Value == "=":
		return "no = is needed"
	case strings.HasPrefix(want, "in and a duration") && (t.Value == "unique" || t.Value == "different"):
		return "different values are counted with threshold 5 distinct dst.port in 60s"
	case strings.HasPrefix(want, "in and a duration"):
		return "such as threshold 5 in 60s by src.ip"
	case want == "a value" && t.Value == "type":
		return "write threshold limit 1 in 60s by src.ip, or threshold 5 in 60s, both, every, after"
	case want == "a value" && t.Value == "distinct":
		return "the number comes first: threshold 5 distinct dst.port in 60s"
	case want == "a value" && t.Value == "+":
		return `a counter grows by one with set flow.counter("n") += 1`
	case want == ")" && (t.Value == "}" || t.Type == tIdent):
		return "a ( before it is not closed"
	case want == "a value" && t.Value == "!":
		return "what must not be is not in x, or !=; a set may have exceptions: {10.0.0.0/8, !10.1.0.0/16}"
	case want == "a value" && t.Value == "|":
		return `bytes are written x"41 42"`
	case want == "a value" && t.Value == "nocase":
		return `nocase stands behind the text: contains "text" nocase`
	case strings.HasPrefix(want, "a comparison after "):
		word := strings.TrimPrefix(want, "a comparison after ")
		return "write " + word + " field < 60, or " + word + "(field: condition on it)"
	case want == "a value" && t.Value == "[":
		return "a set is written {a, b}"
	case want == ")" && t.Value == ",":
		return "a set is written {a, b}; a condition on each value any(field: condition)"
	case want == "[" && t.Type == tString:
		return `one text is looked for with contains "text"; has takes a chain: has ["text", ...]`
	case want == "a name" && t.Type == tString:
		return "names are written without quotes, separated by commas"
	case want == "a value" && t.Type == tIdent && infixes[t.Value] == 0 && stmts[t.Value] == nil:
		return "texts are written in quotes, numbers without; names of lets cannot stand here"
	case want != "":
		return ""
	case t.Value == ",":
		return "a set is written {a, b}; nothing stands between statements or steps"
	case t.Value == "not":
		return "what must not happen comes after something: a: http.request then not http.response within 30s"
	}
	if t.Type == tIdent && afterNumber[t.Value] {
		return "a unit stands directly behind its number: 10MB, 60s"
	}
	if h := habits[t.Value]; h != "" {
		return h
	}
	if h := diag.ForeignStatement(t.Value); h != "" && t.Type == tIdent {
		return h
	}
	if t.Type == tIdent {
		if near := diag.DidYouMean(diag.Nearest(t.Value, infixWords)); near != "" {
			return near
		}
	}
	if t.Type == tIdent && (strings.Contains(t.Value, ".") || len(t.Value) > 2) {
		return "conditions are joined by and or or, the elements of a list by commas"
	}
	return ""
}
