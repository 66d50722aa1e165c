package diag

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// This file and its neighbour check.go are the only places that word what the rule language
// says. A message is one line in a person's words, without a full stop; the hint says what
// to do. %s of what a person wrote is shown as written.

func errorAt(at Range, code, summary, hint string) Diagnostic {
	return Diagnostic{Range: at, Severity: Error, Code: code, Summary: summary, Hint: hint}
}

func warningAt(at Range, code, summary, hint string) Diagnostic {
	return Diagnostic{Range: at, Severity: Warning, Code: code, Summary: summary, Hint: hint}
}

// shorten keeps what is quoted from a file within bounds.
func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

// ---- syntax

// Syntax is for what the parser words itself.
func Syntax(at Range, msg string) Diagnostic { return errorAt(at, "syntax", msg, "") }

// Unexpected is something that cannot stand where it does.
func Unexpected(at Range, got, want, hint string) Diagnostic {
	if want == "" {
		return errorAt(at, "syntax", "unexpected "+shorten(got), hint)
	}
	return errorAt(at, "syntax", fmt.Sprintf("expected %s, found %s", want, shorten(got)), hint)
}

// UnexpectedEnd is a file that ends too early.
func UnexpectedEnd(at Range, want string) Diagnostic {
	hint := ""
	switch want {
	case "}", "a statement or }", "a comma or }":
		hint = "a block that was opened with { is not closed"
	case "]", "a comma or ]":
		hint = "a list that was opened with [ is not closed"
	}
	if want == "" {
		want = "more"
	}
	return errorAt(at, "syntax", "the text ends here, but "+want+" was expected", hint)
}

// NotClosed is a block without its closing brace.
func NotClosed(at Range, what string) Diagnostic {
	return errorAt(at, "not-closed", what+" is not closed", "a } is missing before the next declaration")
}

// NotADeclaration is a word that begins no declaration.
func NotADeclaration(at Range, got string, near []string) Diagnostic {
	hint := DidYouMean(near)
	switch got {
	case "alert", "drop", "pass", "reject":
		hint = "this looks like a rule of Suricata: luanids import translates such files, and -r loads them as they are if they end in .rules"
	}
	if hint == "" {
		hint = "declarations begin with rule, sequence, let, list, dataset, include or test"
	}
	if got == "}" {
		hint = "this } closes nothing"
	}
	return errorAt(at, "syntax", "expected a declaration, found "+shorten(got), hint)
}

// foreignStatements are the words of other engines' rules for what is said otherwise.
var foreignStatements = map[string]string{
	"message": `the message stands after the id: rule ID "message" { ... }`, "msg": `the message stands after the id: rule ID "message" { ... }`,
	"description": `the message stands after the id: rule ID "message" { ... }`, "name": `the message stands after the id: rule ID "message" { ... }`,
	"reference": `write ref url "https://example.com/advisory"`, "references": `write ref url "https://example.com/advisory"`,
	"step": "a step begins with its label: a: http.request", "expect": "the number of alerts stands behind the case: alerts 1",
	"if": "the condition stands after when", "where": "the condition stands after when", "filter": "the condition stands after when",
	"content": `write when payload contains "text"`, "match": "the condition stands after when", "condition": "the condition stands after when",
	"flow": "write when established and to_server", "pcre": "write when payload ~ /pattern/", "detection_filter": "write threshold after 5 in 60s by src.ip",
}

// ForeignStatement says how what a word of other engines' rules begins is written, "" for other words.
func ForeignStatement(word string) string { return foreignStatements[strings.ToLower(word)] }

// NotAStatement is a word that begins no statement.
func NotAStatement(at Range, got string, near []string) Diagnostic {
	hint := ForeignStatement(got)
	if hint == "" {
		hint = DidYouMean(near)
	}
	if hint == "" {
		hint = "statements begin with a keyword such as when, severity, mitre, tags, threshold, evidence"
	}
	return errorAt(at, "unknown-statement", "unknown statement "+shorten(got), hint)
}

// OpenString is a string that does not end on its line.
func OpenString(at Range) Diagnostic {
	return errorAt(at, "open-string", "this string does not end on its line", `close it with the quote it began with; a newline within is written \n`)
}

// OpenRegex is a regular expression that does not end on its line.
func OpenRegex(at Range) Diagnostic {
	return errorAt(at, "open-regex", "this regular expression does not end on its line", `close it with /; a slash within is written \/`)
}

// BadNumber is a number with a unit or digits that do not exist.
func BadNumber(at Range, text string) Diagnostic {
	hint := "numbers are written 80, 0x1f, 0.5; sizes 10kB, 10MiB; durations 100ms, 60s, 5m, 1h, 7d"
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if unit := meantUnits[strings.ToLower(text[len(digits):])]; unit != "" && digits != "" {
		hint = "did you mean " + digits + unit + "?"
	}
	return errorAt(at, "bad-number", "not a number: "+shorten(text), hint)
}

// meantUnits are units in other letters or words.
var meantUnits = map[string]string{"kb": "kB", "mb": "MB", "gb": "GB", "tb": "TB", "k": "kB", "kib": "KiB", "mib": "MiB", "gib": "GiB", "sec": "s", "secs": "s", "seconds": "s",
	"min": "m", "mins": "m", "minutes": "m", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "msec": "ms", "usec": "us", "g": "GB"}

// BadAddress is an address with too few numbers or too large ones.
func BadAddress(at Range, text string) Diagnostic {
	return errorAt(at, "bad-address", "not an address: "+shorten(text), "an IPv4 address has four numbers from 0 to 255: 10.0.0.1, a block 10.0.0.0/8")
}

// RegexEnds is a regular expression with more behind its end.
func RegexEnds(at Range, text string) Diagnostic {
	return errorAt(at, "open-regex", "the regular expression ends here: "+shorten(text), `a slash within is written \/`)
}

// NumberTooBig is a number that does not fit.
func NumberTooBig(at Range, text string) Diagnostic {
	return errorAt(at, "bad-number", shorten(text)+" is too large", "the largest number is 18446744073709551615")
}

// BadCharacter is a character that the language does not have.
func BadCharacter(at Range, text, hint string) Diagnostic {
	what := "character "
	if len(text) > 1 && text[0] < 0x80 {
		what = ""
	}
	return errorAt(at, "bad-character", fmt.Sprintf("unexpected %s%q", what, shorten(text)), hint)
}

// BadEscape is an unknown escape in a string.
func BadEscape(at Range, esc string) Diagnostic {
	if esc == `\x` {
		return errorAt(at, "bad-escape", `\x in this string is not followed by two hexadecimal digits`, `a byte is written \x4a; bytes also x"4a ff"`)
	}
	return errorAt(at, "bad-escape", "unknown escape "+esc+" in this string",
		`known are \\ \" \n \r \t \0 \xHH and \u{HHHH}; in '...' a backslash is itself`)
}

// BadBytes is a byte string that is not pairs of hexadecimal digits.
func BadBytes(at Range) Diagnostic {
	return errorAt(at, "bad-bytes", "byte strings are pairs of hexadecimal digits", `such as x"00 ff 1a"`)
}

// BadPrefix is a CIDR block with an impossible length.
func BadPrefix(at Range, text string) Diagnostic {
	return errorAt(at, "bad-address", "the prefix length of "+shorten(text)+" is out of range", "IPv4 has /0 to /32, IPv6 /0 to /128")
}

// TooDeep is an expression that nests too much.
func TooDeep(at Range, limit int) Diagnostic {
	return errorAt(at, "too-deep", fmt.Sprintf("this nests deeper than %d levels", limit), "name parts of it with let")
}

// Chained is a comparison of a comparison: a < b < c.
func Chained(at Range, op string) Diagnostic {
	return errorAt(at, "chained-comparison", "comparisons cannot be chained with "+op, "write a < b and b < c, or x in 1..9")
}

// SingleEquals is = where == is meant.
func SingleEquals(at Range) Diagnostic {
	return errorAt(at, "single-equals", "a comparison is written ==", "did you mean ==?")
}

// BadOption is an option that an element of a content chain does not have.
func BadOption(at Range, name, what string, near []string, known string) Diagnostic {
	hint := DidYouMean(near)
	if hint == "" {
		hint = what + " takes " + known
	}
	return errorAt(at, "bad-option", what+" has no option "+shorten(name), hint)
}

// EmptyChain is has [].
func EmptyChain(at Range) Diagnostic {
	return errorAt(at, "empty-chain", "a content chain needs at least one element", `such as payload has ["GET " at 0]`)
}

// ChainElement is something that cannot stand in a content chain.
func ChainElement(at Range, got string) Diagnostic {
	return errorAt(at, "chain-element", shorten(got)+" cannot be an element of a content chain",
		`elements are "text", x"bytes", /regex/, u16be +2 > 512, let n = u8 0, jump u16be 2, isdataat 10, size > 9, base64 [...]`)
}
