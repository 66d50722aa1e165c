package diag

import (
	"fmt"
	"slices"
	"strings"
)

// ---- statements

// Twice is a statement that may be given once.
func Twice(at Range, word string) Diagnostic {
	return errorAt(at, "given-twice", word+" is given twice", "")
}

// NoWhen is a rule without a condition.
func NoWhen(at Range) Diagnostic {
	return errorAt(at, "no-condition", "this rule has no condition", "add a when, or an on EVENT")
}

// NotHere is a statement that belongs elsewhere.
func NotHere(at Range, word, where, hint string) Diagnostic {
	return errorAt(at, "misplaced-statement", word+" does not belong in "+where, hint)
}

// BadChoice is a word that is not among those possible.
func BadChoice(at Range, what, got string, near, all []string) Diagnostic {
	hint := DidYouMean(near)
	if hint == "" {
		hint = "one of " + strings.Join(all, ", ")
	}
	return errorAt(at, "bad-"+strings.ReplaceAll(what, " ", "-"), "unknown "+what+" "+got, hint)
}

// BadConfidence is a confidence out of range.
func BadConfidence(at Range) Diagnostic {
	return errorAt(at, "bad-confidence", "confidence must be a number from 0 to 1", "such as 0.8")
}

// BadMitre is a word that is no ATT&CK id.
func BadMitre(at Range, got string) Diagnostic {
	return errorAt(at, "bad-mitre", got+" is not an ATT&CK id", "such as T1190, T1110.001 or TA0001")
}

// WantText is something else where text is needed.
func WantText(at Range, what string) Diagnostic {
	return errorAt(at, "want-text", what+" must be text in quotes", "")
}

// WantNumber is something else where a whole number is needed.
func WantNumber(at Range, what string, lo, hi int64) Diagnostic {
	return errorAt(at, "want-number", fmt.Sprintf("%s must be a whole number from %d to %d", what, lo, hi), "")
}

// BadTarget is something that set cannot change.
func BadTarget(at Range, verb, what string) Diagnostic {
	return errorAt(at, "bad-target", verb+" cannot change "+shorten(what),
		`targets are flow.flag("x"), flow.counter("x"), host.flag("x", src.ip), host.counter("x", src.ip), dataset("x", field), flow.var("x"), packet.var("x")`)
}

// Backoff is a threshold that backs off and is not written so.
func Backoff(at Range) Diagnostic {
	return errorAt(at, "bad-threshold", "a threshold that backs off multiplies its count after each alert",
		"write threshold backoff 5 times 10: the 5th match alerts, then the 50th; other thresholds have a window, as in 60s")
}

// UnknownCategory is a category of reputation that no file has.
func UnknownCategory(at Range, name string) Diagnostic {
	return errorAt(at, "unknown-category", "there is no reputation category "+name, "the file of categories names them")
}

// NeedsValue is a counter that is set to nothing.
func NeedsValue(at Range, what string) Diagnostic {
	return errorAt(at, "needs-value", "a counter needs a value", "such as set "+what+" += 1")
}

// NoValueHere is a flag that is set to a value.
func NoValueHere(at Range) Diagnostic {
	return errorAt(at, "no-value", "a flag takes no value", "use set, unset or toggle")
}

// NoTTL is for on what lives as long as its flow.
func NoTTL(at Range) Diagnostic {
	return errorAt(at, "no-ttl", "this lives as long as its flow: for does not apply", `host.flag("x", src.ip) has a time to live`)
}

// EventInRule is an event as a term amid a condition.
func EventInRule(at Range, name string) Diagnostic {
	return errorAt(at, "misplaced-event", name+" is an event: it can only be a term joined by and", "or pin it with on "+name)
}

// TwoEvents is a rule pinned to two events.
func TwoEvents(at Range, a, b string) Diagnostic {
	return errorAt(at, "two-events", "a rule is judged at one event, not at "+a+" and at "+b, "write two rules, or leave the event to the fields")
}

// ---- sequences

// NoSteps is a sequence of fewer than two steps.
func NoSteps(at Range) Diagnostic {
	return errorAt(at, "too-few-steps", "a sequence needs at least two steps", "such as a: 10 of ssh.auth.failure and b: ssh.auth.success")
}

// DuplicateStep is a label that two steps of a sequence have.
func DuplicateStep(at Range, label string) Diagnostic {
	return errorAt(at, "duplicate-step", "another step has the label "+label, "labels of steps must differ: a: ... b: ...")
}

// NotOfEvent is a field of a message that a synthetic event has not.
func NotOfEvent(at Range, field, proto, event string) Diagnostic {
	return errorAt(at, "test-value", fmt.Sprintf("%s is of %s: %s does not have it", field, proto, event), "")
}

// NotWithin is a value of a synthetic event that a real one cannot have.
func NotWithin(at Range, why string) Diagnostic {
	return errorAt(at, "test-value", "no message has this: "+why, "")
}

// TooManySteps is a sequence with more steps than are followed.
func TooManySteps(at Range, most int) Diagnostic {
	return errorAt(at, "too-many-steps", fmt.Sprintf("a sequence has at most %d steps", most), "the same thing several times is one step: 10 of ssh.auth.failure")
}

// NoWithin is a sequence without a time limit.
func NoWithin(at Range) Diagnostic {
	return errorAt(at, "no-within", "a sequence needs a time limit", "add within 10m after its key")
}

// FirstAbsent is a sequence that begins with an absence.
func FirstAbsent(at Range) Diagnostic {
	return errorAt(at, "absence-first", "a sequence cannot begin with an absence", "")
}

// AbsentWithin is an absence without its own time limit.
func AbsentWithin(at Range) Diagnostic {
	return errorAt(at, "no-within", "an absence needs a time limit of its own", "such as then not dns.response within 30s")
}

// StepInRule is a step in a rule: mostly a statement as other languages have them, with a colon, or a condition alone, whose label is "".
func StepInRule(at Range, label string) Diagnostic {
	if label == "" {
		return errorAt(at, "misplaced-statement", "steps belong in a sequence", "a condition stands behind when")
	}
	hint := "a rule has a when, and no colons"
	if h, ok := labelHints[strings.ToLower(label)]; ok {
		hint = h
	}
	return errorAt(at, "misplaced-statement", label+": labels a step, and steps belong in a sequence", hint)
}

// labelHints says what is written instead of statements of Sigma, YARA and the like.
var labelHints = map[string]string{
	"id": idPlace, "rule": idPlace,
	"title": titlePlace, "name": titlePlace, "msg": titlePlace, "message": titlePlace,
	"condition": whenPlace, "detection": whenPlace, "match": whenPlace, "selection": whenPlace, "when": whenPlace,
	"strings": "contents stand where they are compared: when payload contains \"text\"",
	"level":   "write severity high", "severity": "write severity high", "priority": "write severity high",
	"meta": "what a rule says of itself stands in its own statements: severity, tags, reference, metadata",
}

const (
	idPlace    = `the id stands behind rule: rule R1 "title" {`
	titlePlace = `the title stands behind the id: rule R1 "title" {`
	whenPlace  = "a condition is written when, without a colon"
)

// ---- tests and files

// TestEvent is a field of a test message that its event does not carry.
func TestEvent(at Range, field, event string) Diagnostic {
	return errorAt(at, "test-field", field+" is not known at "+event, "")
}

// TestValue is a value that its field cannot have.
func TestValue(at Range, field, typ, hint string) Diagnostic {
	return errorAt(at, "test-value", fmt.Sprintf("%s is %s: this value does not fit", field, article(typ)), hint)
}

// Untested is a rule without a test, where tests are asked for.
func Untested(at Range, id string) Diagnostic {
	return warningAt(at, "untested", "rule "+id+" has no test", "")
}

// CannotRead is a file that cannot be read.
func CannotRead(at Range, file string, err error) Diagnostic {
	return errorAt(at, "cannot-read", "cannot read "+file+": "+err.Error(), "")
}

// NoCapture is a capture of a test that cannot be read. The rules are not worse for it.
func NoCapture(at Range, file string, err error) Diagnostic {
	return warningAt(at, "no-capture", "this test cannot run: "+file+": "+err.Error(), "the path counts from the folder of the rule file")
}

// NotText is a file with a byte that no text has.
func NotText(at Range, utf16 bool) Diagnostic {
	hint := "rule files are UTF-8"
	if utf16 {
		hint = "this is UTF-16: save it as UTF-8"
	}
	return errorAt(at, "not-text", "this file is no text: a zero byte", hint)
}

// StepOfSequence is a step that waits for a sequence.
func StepOfSequence(at Range, id string) Diagnostic {
	return errorAt(at, "unknown-rule", id+" is a sequence: steps wait for rules", "write its steps here, or set a flag of the host in it and ask for that: set host.flag(\"name\", src.ip) for 10m")
}

// NotUTF8 is a file in another encoding. What it says is taken byte by byte.
func NotUTF8(at Range) Diagnostic {
	return warningAt(at, "not-utf-8", "this file is not UTF-8: what is meant may be other bytes than those in the traffic", `save it as UTF-8; single bytes are written \xe9`)
}

// TooMuch is a let that stands for more than can be gone through.
func TooMuch(at Range, name string, most int) Diagnostic {
	return errorAt(at, "too-deep", fmt.Sprintf("%s stands for too much: lets are used more than %d times in it", name, most), "")
}

// LetsNest is a let that is made of lets that are made of lets.
func LetsNest(at Range, name string, most int) Diagnostic {
	return errorAt(at, "too-deep", fmt.Sprintf("%s is made of lets that are more than %d deep within each other", name, most), "")
}

// IncludeCycle is a file that includes itself.
func IncludeCycle(at Range, file string, by []string) Diagnostic {
	hint := ""
	if len(by) > 1 {
		hint = "files that include each other: " + strings.Join(append(slices.Clone(by), file), " -> ")
	}
	return errorAt(at, "include-cycle", file+" includes itself", hint)
}

// ListEntry is a line of a list that does not fit its type.
func ListEntry(at Range, entry, typ string) Diagnostic {
	if typ == "domain" { // the rest of the list is of use, and others' lists have what they have
		return warningAt(at, "list-entry", fmt.Sprintf("%q is not a domain: this entry is left out", shorten(entry)),
			"names alone, without scheme, path, port or *: bad.example")
	}
	return errorAt(at, "list-entry", fmt.Sprintf("%q is not %s", shorten(entry), article(typ)), "")
}

// EmptyList is a list without entries.
func EmptyList(at Range, file string) Diagnostic {
	return warningAt(at, "empty-list", file+" has no entries: what tests for it never matches", "")
}

// ---- warnings about conditions

// NeverMatches is a condition that nothing can meet.
func NeverMatches(at Range, why string) Diagnostic {
	return warningAt(at, "never-matches", "this never matches: "+why, "")
}

// WrongForm is a value that a field has in another form.
func WrongForm(at Range, what, write string) Diagnostic {
	return warningAt(at, "never-matches", fmt.Sprintf("this never matches: %s has it in another form", shorten(what)), fmt.Sprintf("write %q", write))
}

// PipedBytes is a text with bytes in the form of Suricata.
func PipedBytes(at Range, part, write string) Diagnostic {
	return warningAt(at, "piped-bytes", "this looks for the characters "+part+" themselves", fmt.Sprintf("bytes are written x%q, or \\x41 within a text", write))
}

// LooseBlock is a block of addresses with bits beyond its prefix.
func LooseBlock(at Range, text, block string) Diagnostic {
	return warningAt(at, "loose-block", text+" is the block "+block, "write "+block+", or the address alone")
}

// WrongCase is a text with letters that a value never has.
func WrongCase(at Range, what, write string) Diagnostic {
	letters := "capital"
	if strings.ToLower(write) != write {
		letters = "small"
	}
	return warningAt(at, "never-matches", fmt.Sprintf("this never matches: %s has no %s letters", shorten(what), letters), fmt.Sprintf("write %q", write))
}

// WrongLength is a text that is longer or shorter than all values of a field.
func WrongLength(at Range, field string, want, got int) Diagnostic {
	return warningAt(at, "never-matches", fmt.Sprintf("this never matches: %s has %d characters, not %d", field, want, got), "")
}

// NumberRange is a test of a number that is out of what so many bytes hold.
func NumberRange(at Range, typ string, lo, hi int64) Diagnostic {
	return warningAt(at, "never-matches", fmt.Sprintf("this never matches: %s is from %d to %d", typ, lo, hi), "")
}

// Everything is a rule that all traffic matches.
func Everything(at Range) Diagnostic {
	return warningAt(at, "always-true", "this is true of everything: an alert for each packet", "say what to look for, or at which event: on http.request")
}

// KeyElsewhere is a key of a threshold that the messages that the rule is about do not have.
func KeyElsewhere(at Range, what, proto, about string) Diagnostic {
	return errorAt(at, "no-common-event", fmt.Sprintf("%s is of %s, and the rule is about %s: there is nothing to count by", shorten(what), proto, about), "count by src.ip, or by a field of "+about)
}

// EvidenceElsewhere is evidence that the messages that the rule is about do not have.
func EvidenceElsewhere(at Range, what, proto, about string) Diagnostic {
	return warningAt(at, "no-evidence", fmt.Sprintf("alerts never show %s: it is of %s, and the rule about %s", shorten(what), proto, about), "")
}

// SameCondition is a rule with the condition of another.
func SameCondition(at Range, id, where string) Diagnostic {
	return warningAt(at, "shadowed", "this says the same as rule "+id+", at "+where, "")
}

// NeverSet is state that a rule asks for and that none of the rules changes.
func NeverSet(at Range, kind, name string, near []string) Diagnostic {
	hint := DidYouMean(near)
	if hint == "" {
		key, change := "", ""
		if strings.HasPrefix(kind, "host.") {
			key = ", src.ip"
		}
		if strings.HasSuffix(kind, ".counter") {
			change = " += 1"
		}
		hint = fmt.Sprintf("another rule sets it with: set %s(%q%s)%s; or a script does", kind, name, key, change)
	}
	return warningAt(at, "never-set", fmt.Sprintf("no rule here sets %s(%q)", kind, name), hint)
}

// OtherKey is state that a rule asks for under a key of another kind than rules keep it under.
func OtherKey(at Range, kind, name, asked, kept, where string) Diagnostic {
	what := fmt.Sprintf("what is kept under %s(%q) has a key of %s", kind, name, kept)
	if kind == "dataset" {
		what = fmt.Sprintf("dataset(%q) holds values of type %s", name, kept)
	}
	return warningAt(at, "other-key", fmt.Sprintf("%s, and here it is asked for %s", what, asked), "it is set at "+where)
}

// AlwaysTrue is a term that everything meets.
func AlwaysTrue(at Range, why string) Diagnostic {
	return warningAt(at, "always-true", "this is always true: "+why, "")
}

// NotAValueOf is a comparison with a value that the field never has.
func NotAValueOf(at Range, value, field string, near, all []string) Diagnostic {
	hint := DidYouMean(near)
	if hint == "" {
		const most = 8
		if len(all) > most {
			all = append(all[:most:most], "...")
		}
		hint = "it is one of " + strings.Join(all, ", ")
	}
	return warningAt(at, "impossible-value", fmt.Sprintf("%s is never %q", field, value), hint)
}

// NoLiteral is a rule that scans without any literal.
func NoLiteral(at Range) Diagnostic {
	return warningAt(at, "no-literal", "this is searched in all traffic: no fixed text of it must occur",
		"slow: add a contains, a pattern or a port, or give the regular expression a fixed part")
}

// ShortLiteral is a rule whose only literal is very short.
func ShortLiteral(at Range, text string) Diagnostic {
	return warningAt(at, "short-literal", fmt.Sprintf("the longest fixed text of this rule is %q", text), "slow: longer text narrows the search")
}
