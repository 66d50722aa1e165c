package diag

import "fmt"

// NoBlock is a block of addresses among the values of a data set.
func NoBlock(at Range, block string) Diagnostic {
	return errorAt(at, "bad-element", "a data set holds single addresses, and "+block+" is a block", "blocks can be in a let or list: src.ip in blocks")
}

// WantJSON is something else where JSON is needed.
func WantJSON(at Range) Diagnostic {
	return errorAt(at, "want-json", "what alerts tell of a value must be JSON in quotes", `such as '{"why": "seen in spam"}'`)
}

// BadContext is a context from something else than a data set.
func BadContext(at Range, what string) Diagnostic {
	return errorAt(at, "bad-context", "a context comes from a data set, not from "+shorten(what), `context "key" from dataset("name", field)`)
}

// NoContext is a context from a data set that has nothing to tell.
func NoContext(at Range, set string) Diagnostic {
	return errorAt(at, "bad-context", fmt.Sprintf("the data set %q has nothing to tell of its values", set), fmt.Sprintf(`dataset %q = {"value" = '{"why": "text"}'} says what alerts are to show`, set))
}

// BadKeep is a variable of records that is set to something else than what a group matches.
func BadKeep(at Range) Diagnostic {
	return errorAt(at, "bad-target", "a variable for records is set to what a regular expression captures", `such as set flow.var("user") = capture(http.uri, /user=(\w+)/)`)
}

// NoGroup is a group that a regular expression does not have.
func NoGroup(at Range, groups int) Diagnostic {
	return errorAt(at, "want-number", fmt.Sprintf("the regular expression has no such group: it has %d", groups), "groups are counted from 1")
}

// AlertsAnyway is the statement alert in a rule that alerts without it.
func AlertsAnyway(at Range) Diagnostic {
	return warningAt(at, "idle", "only a rule with action pass needs this: others alert anyway", "")
}

// LimitTooLow is a data set that begins with more values than it keeps.
func LimitTooLow(at Range, n int) Diagnostic {
	return errorAt(at, "want-number", fmt.Sprintf("the data set begins with %d values, and keeps fewer", n), "")
}

// NotOfSet is a value of another type than those with which a data set begins.
func NotOfSet(at Range, text, kind, set, holds, where string) Diagnostic {
	return errorAt(at, "argument-type", fmt.Sprintf("%s is %s, and the data set %q holds values of type %s", shorten(text), article(kind), set, holds), "it is declared at "+where)
}
