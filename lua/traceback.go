package lua

import (
	"fmt"
	"strings"
	"time"

	glua "github.com/yuin/gopher-lua"
)

// tidyTrace leaves the interpreter's own frames out of a traceback, and says which callback it was that the
// interpreter calls a main chunk.
func (v *vm) tidyTrace(t string) string {
	var out []string
	for line := range strings.SplitSeq(t, "\n") {
		if strings.Contains(line, "[G]: ?") || strings.Contains(line, concatName) || strings.Contains(line, readName) {
			continue
		}
		out = append(out, line)
	}
	if last := len(out) - 1; last >= 0 && !v.loading {
		if at, ok := strings.CutSuffix(out[last], "in main chunk"); ok {
			out[last] = at + "in " + v.nameOf(v.callee)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// nameOf says what a function that the engine calls is there for.
func (v *vm) nameOf(fn *glua.LFunction) string {
	switch {
	case fn == nil:
		return "the top level"
	case fn.Proto == nil:
		return "a callback"
	}
	for i := range v.handlers {
		if h := &v.handlers[i]; h.fn == fn {
			if h.kind == SubEvent {
				return fmt.Sprintf("the handler of %s (line %d)", h.name, fn.Proto.LineDefined)
			}
			return fmt.Sprintf("the handler of nids.register_%s (line %d)", kindNames[h.kind], fn.Proto.LineDefined)
		}
	}
	for _, t := range v.ticks {
		if t.fn == fn {
			return fmt.Sprintf("the handler of nids.every %s (line %d)", time.Duration(t.every), fn.Proto.LineDefined)
		}
	}
	for _, e := range v.exits {
		if e == fn {
			return fmt.Sprintf("the handler of exit (line %d)", fn.Proto.LineDefined)
		}
	}
	for _, p := range v.predicates {
		if p.fn == fn {
			return fmt.Sprintf("the predicate %s (line %d)", p.name, fn.Proto.LineDefined)
		}
	}
	return fmt.Sprintf("the callback of line %d", fn.Proto.LineDefined)
}

var kindNames = [...]string{SubEvent: "", SubTCP: "tcp", SubUDP: "udp", SubIP: "ip", SubIPFrags: "ip_frag"}
