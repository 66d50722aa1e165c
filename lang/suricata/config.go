package suricata

import (
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// config changes what the engine does with what the rule matches: "logging disable, type tx, scope tx".
func config(b *builder, v string) *problem {
	p := list(v)
	subsystem, action, _ := strings.Cut(p[0], " ")
	said := map[string]string{}
	for _, o := range p[1:] {
		name, value, _ := strings.Cut(o, " ")
		said[name] = strings.TrimSpace(value)
	}
	switch {
	case strings.TrimSpace(action) != "disable":
		return fail("wants logging disable, type tx, scope tx")
	case subsystem == "tracking":
		return fail("flows are always tracked: a bpf filter leaves packets out")
	case subsystem != "logging" || said["type"] != "tx" || said["scope"] != "tx" && said["scope"] != "flow":
		return fail("wants logging disable, type tx, scope tx")
	case said["scope"] == "flow":
		return fail("logging can be disabled for a transaction only (scope tx)")
	}
	b.notIPOnly = true
	b.r.Effects = append(b.r.Effects, &ir.NoLog{})
	return nil
}
