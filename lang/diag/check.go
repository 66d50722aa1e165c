package diag

import (
	"fmt"
	"strings"
)

// ---- names

// UnknownField is a dotted name that is no field; context says where fields of another kind were looked for.
func UnknownField(at Range, name string, near []string) Diagnostic {
	hint := DidYouMean(near)
	if hint == "" {
		hint = "luanids fields lists all fields"
		if strings.Contains(name, "-") {
			hint = "a dash belongs to the name: write spaces around - to subtract"
		}
	}
	return errorAt(at, "unknown-field", "unknown field "+name, hint)
}

// UnknownName is a name without a dot that is no let, list or field.
func UnknownName(at Range, name string, near []string) Diagnostic {
	hint := DidYouMean(near)
	if hint == "" {
		hint = fmt.Sprintf("text is written in quotes: %q; names are those of fields, lets and lists", name)
		if name == "any" {
			hint = "leave the test out: without it any value will do"
		}
	}
	return errorAt(at, "unknown-name", "unknown name "+name, hint)
}

// Foreign is a name that has another meaning elsewhere: what is written for it here is known.
func Foreign(at Range, name, write string) Diagnostic {
	if strings.Contains(name, ".") {
		return errorAt(at, "unknown-field", "unknown field "+name, "write "+write)
	}
	return errorAt(at, "unknown-name", "unknown name "+name, "write "+write)
}

// ForeignFunction is a function of another language.
func ForeignFunction(at Range, name, write string) Diagnostic {
	return errorAt(at, "unknown-function", "unknown function "+name, "write "+write)
}

// NoLet is a name that looks like that of a let, and of which there is none.
func NoLet(at Range, name, like string) Diagnostic {
	return errorAt(at, "unknown-name", "unknown name "+name, "no let has this name; add one: let "+name+" = "+like)
}

// Unquoted is a text without its quotes.
func Unquoted(at Range, name, write string) Diagnostic {
	return errorAt(at, "unknown-name", "unknown name "+name, "text is written in quotes: "+write)
}

// UnknownFunction is a call of something that does not exist.
func UnknownFunction(at Range, name string, near []string) Diagnostic {
	return errorAt(at, "unknown-function", "unknown function "+name, DidYouMean(near))
}

// UnknownEvent is a name that is no event.
func UnknownEvent(at Range, name string, near []string) Diagnostic {
	hint := DidYouMean(near)
	if hint == "" {
		hint = "events are such as packet, stream.data, http.request, dns.response"
	}
	return errorAt(at, "unknown-event", "unknown event "+name, hint)
}

// UnknownRule is a reference to a rule that does not exist.
func UnknownRule(at Range, id string, near []string) Diagnostic {
	return errorAt(at, "unknown-rule", "unknown rule "+id, DidYouMean(near))
}

// UnknownVariable is a variable that no let of the chain extracts before.
func UnknownVariable(at Range, name string) Diagnostic {
	return errorAt(at, "unknown-variable", "no element before this one extracts "+name, "extract it with let "+name+" = u16be +2")
}

// Codes of what others than rules may have a use for.
const (
	CodeUnknownVar = "unknown-var"
	CodeUnused     = "unused"
)

// UnknownVar is a --var that no rule file asks for.
func UnknownVar(name string, near []string) Diagnostic {
	return Diagnostic{File: "--var " + name, Severity: Warning, Code: CodeUnknownVar, Summary: "no let is named " + name, Hint: DidYouMean(near)}
}

// DuplicateID is a second rule of the same id.
func DuplicateID(at Range, id, where string) Diagnostic {
	return errorAt(at, "duplicate-id", "a rule with the id "+id+" exists already, at "+where, "ids must be unique")
}

// Overridden is an imported rule that a later one of the same id replaces.
func Overridden(at Range, id, where string) Diagnostic {
	return warningAt(at, "shadowed-id", "rule "+id+" is replaced by the one at "+where, "")
}

// DuplicateName is a second let or list of the same name.
func DuplicateName(at Range, name, where string) Diagnostic {
	return errorAt(at, "duplicate-name", name+" is defined already, at "+where, "")
}

// ShadowsField is a let named like a field.
func ShadowsField(at Range, name, what string) Diagnostic {
	return warningAt(at, "shadows-field", name+" hides the "+what+" of the same name", "")
}

// Unused is a let or list that nothing uses.
func Unused(at Range, what, name string) Diagnostic {
	return warningAt(at, CodeUnused, what+" "+name+" is not used", "")
}

// Recursive is a let that is defined by itself.
func Recursive(at Range, name string) Diagnostic {
	return errorAt(at, "recursive-let", name+" is defined by itself", "")
}

// ---- types

// TypeMismatch is an operator between things that do not go together.
func TypeMismatch(at Range, op, left, leftType, right, rightType, hint string) Diagnostic {
	return errorAt(at, "type-mismatch", fmt.Sprintf("%s is %s and %s is %s: %s does not apply",
		shorten(left), article(leftType), shorten(right), article(rightType), op), hint)
}

// BadOperand is an operator on something of a type that it does not take.
func BadOperand(at Range, op, what, typ, hint string) Diagnostic {
	return errorAt(at, "bad-operand", fmt.Sprintf("%s does not apply to %s, which is %s", op, shorten(what), article(typ)), hint)
}

// article puts a or an before a type.
func article(typ string) string {
	if strings.HasPrefix(typ, "a ") || strings.HasPrefix(typ, "an ") || typ == "bytes" || strings.HasPrefix(typ, "bytes ") {
		return typ
	}
	if strings.IndexByte("aeiou", typ[0]) >= 0 {
		return "an " + typ
	}
	return "a " + typ
}

// NotACondition is a value where a condition is needed.
func NotACondition(at Range, what, typ, hint string) Diagnostic {
	return errorAt(at, "not-a-condition", fmt.Sprintf("%s is %s, not a condition", shorten(what), article(typ)), hint)
}

// NotAValue is a condition, set or list where a value is needed.
func NotAValue(at Range, what, kind string) Diagnostic {
	return errorAt(at, "not-a-value", fmt.Sprintf("%s is %s, not a value", shorten(what), article(kind)), "")
}

// ConstantHere is a constant where something that differs between messages is needed.
func ConstantHere(at Range, what, typ string) Diagnostic {
	d := NotAValue(at, what, typ)
	d.Hint = "it is the same for every message: name a field, or what is computed of one, such as domain(tls.sni)"
	return d
}

// NotASet is the right side of in that is no set.
func NotASet(at Range, what, hint string) Diagnostic {
	return errorAt(at, "not-a-set", "in needs a set, a range, a list or an address block, not "+shorten(what), hint)
}

// SetForEquals is == with a set.
func SetForEquals(at Range, op, in string) Diagnostic {
	return errorAt(at, "set-comparison", op+" compares with one value, not with a set", "use "+in)
}

// MixedSet is a set of values of different types.
func MixedSet(at Range, first, other string) Diagnostic {
	return errorAt(at, "mixed-set", fmt.Sprintf("this set has %s and %s elements", first, other), "a set has elements of one type")
}

// BadElement is something that cannot be in a set.
func BadElement(at Range, what string) Diagnostic {
	return errorAt(at, "bad-element", shorten(what)+" cannot be an element of a set", "elements are constants, ranges, address blocks, and names of sets")
}

// BadRange is a range whose ends do not go together.
func BadRange(at Range, why, hint string) Diagnostic {
	return errorAt(at, "bad-range", "this range is "+why, hint)
}

// NotConstant is something computed where a constant is needed.
func NotConstant(at Range, what string) Diagnostic {
	return errorAt(at, "not-constant", what+" must be a constant", "")
}

// NeedsUnit is a plain number where a duration is needed.
func NeedsUnit(at Range, what, text string) Diagnostic {
	return errorAt(at, "needs-unit", what+" needs a unit", "did you mean "+text+"s?")
}

// WantDuration is something else where a duration is needed.
func WantDuration(at Range, what string) Diagnostic {
	return errorAt(at, "bad-duration", what+" must be a duration above zero", "such as 30s, 5m or 1h")
}

// WantCount is something else where a count is needed.
func WantCount(at Range, what string) Diagnostic {
	return errorAt(at, "bad-count", what+" must be a whole number above zero", "")
}

// NocaseOnText is nocase where it means nothing.
func NocaseOnText(at Range, op string) Diagnostic {
	return errorAt(at, "bad-nocase", "nocase does not apply to "+op+" here", "it is for comparisons of text")
}

// ArgCount is a call with too few or too many arguments.
func ArgCount(at Range, signature string, got int) Diagnostic {
	fit := fmt.Sprintf("%d arguments do not fit ", got)
	if got == 1 {
		fit = "1 argument does not fit "
	}
	return errorAt(at, "argument-count", fit+signature, "")
}

// ArgType is an argument of the wrong type.
func ArgType(at Range, fn, param, what, typ, want string) Diagnostic {
	return errorAt(at, "argument-type", fmt.Sprintf("%s of %s must be %s: %s is %s", param, fn, article(want), shorten(what), article(typ)), "")
}

// DividesByZero is a divisor that is always zero.
func DividesByZero(at Range) Diagnostic {
	return errorAt(at, "division-by-zero", "this divides by zero", "what divides by zero has no value: no comparison with it holds")
}

// ---- multi-valued fields

// TwoProtocols is a rule that asks for a message of two protocols.
func TwoProtocols(at Range, term, proto, other, otherProto string) Diagnostic {
	return errorAt(at, "no-common-event", fmt.Sprintf("%s is about %s and %s about %s: no message is of both", shorten(term), proto, shorten(other), otherProto),
		"alternatives (or) of several protocols are judged each at its own messages; what must hold of both is a sequence, or two rules and a flow flag")
}

// NotMulti is any, all or count on a field with one value.
func NotMulti(at Range, word, name string) Diagnostic {
	hint := "leave " + word + " out"
	if word == "count" {
		hint = "count(x, part) counts how often a part occurs in a text; len(x) is its length"
	}
	return errorAt(at, "not-multi-valued", name+" has one value: "+word+" does not apply", hint)
}

// TwoMulti is a comparison over two multi-valued fields.
func TwoMulti(at Range, a, b string) Diagnostic {
	return errorAt(at, "two-multi-valued", fmt.Sprintf("%s and %s both have many values", a, b), "say which with any("+a+": ...)")
}

// MultiAlone is a multi-valued field where one value is needed.
func MultiAlone(at Range, name string) Diagnostic {
	return errorAt(at, "multi-valued", name+" has many values: one is needed here", "the first is "+name+"[0], the last "+name+"[-1]")
}

// NoIndex is a field that cannot be indexed.
func NoIndex(at Range, name, hint string) Diagnostic {
	return errorAt(at, "no-index", name+" has no values by name, nor several of which one could be picked", hint)
}

// ---- regular expressions and chains

// BadRegex is a regular expression that does not compile.
func BadRegex(at Range, why string) Diagnostic {
	return errorAt(at, "bad-regex", "bad regular expression: "+why, "")
}

// BadRegexFlag is an unknown flag.
func BadRegexFlag(at Range, flag string) Diagnostic {
	hint := "flags are i s m x A E G (U: G)"
	switch {
	case flag == "R":
		hint = `relative is a word, in a content chain: payload has ["text", /pattern/ relative]`
	case flag == "g":
		hint = "one match will do: leave g out"
	case strings.Contains("IPHDMCSYBOVWQ", flag):
		hint = "the field to look in is named before ~: http.request_body ~ /pattern/i"
	}
	return errorAt(at, "bad-regex-flag", "unknown flag "+flag+" of a regular expression", hint)
}

// WantRegex is something else on the right of ~.
func WantRegex(at Range, what string) Diagnostic {
	return errorAt(at, "not-a-regex", "~ needs a regular expression, not "+shorten(what), "write it between slashes: ~ /.../i; for plain text use contains")
}

// RegexElsewhere is a regular expression where none can be.
func RegexElsewhere(at Range, op string) Diagnostic {
	return errorAt(at, "misplaced-regex", "a regular expression cannot stand after "+op, "use ~")
}

// Backtracks says that an expression needs the slower engine.
func Backtracks(at Range) Diagnostic {
	return warningAt(at, "backtracks", "this regular expression uses look-around or back-references",
		"it runs on the backtracking engine, which gives up after a limit of steps; such cases are counted for the rule")
}

// BufferType is a chain on something without bytes.
func BufferType(at Range, what, typ string) Diagnostic {
	return errorAt(at, "bad-buffer", fmt.Sprintf("has needs text or bytes: %s is %s", shorten(what), article(typ)), "")
}

// EmptyPattern is "" where text to be found must be.
func EmptyPattern(at Range) Diagnostic {
	return errorAt(at, "empty-pattern", "an empty text is found everywhere", "")
}

// OptionConflict is two options that exclude each other.
func OptionConflict(at Range, a, b string) Diagnostic {
	return errorAt(at, "option-conflict", a+" and "+b+" exclude each other", "")
}

// TooNarrow is a pattern that is longer than the place it must be in.
func TooNarrow(at Range, opt string, n, length int) Diagnostic {
	return warningAt(at, "never-matches", fmt.Sprintf("%s %d is shorter than the pattern of %d bytes: this never matches", opt, n, length), "")
}

// BadOptionValue is an option with an impossible value.
func BadOptionValue(at Range, opt, want string) Diagnostic {
	return errorAt(at, "bad-option", opt+" must be "+want, "")
}
