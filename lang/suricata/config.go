package suricata

import (
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// config changes what the engine does with what the rule matches:
//
//	logging disable, type tx, scope tx|flow
//	tracking disable, type flow, scope packet
func config(b *builder, v string) *problem {
	p := list(v)
	subsystem, action, _ := strings.Cut(p[0], " ")
	said := map[string]string{}
	for _, o := range p[1:] {
		name, value, _ := strings.Cut(o, " ")
		said[name] = strings.TrimSpace(value)
	}
	if strings.TrimSpace(action) != "disable" {
		return fail("wants logging disable or tracking disable, not %q", p[0])
	}
	b.notIPOnly = true
	switch subsystem + " " + said["type"] + " " + said["scope"] {
	case "logging tx tx":
		b.r.Effects = append(b.r.Effects, &ir.NoLog{})
	case "logging tx flow":
		b.r.Effects = append(b.r.Effects, &ir.NoLog{Flow: true})
	case "tracking flow packet":
		if b.hook == nil {
			b.hook = &hook{event: "flow.start"}
		}
		if b.hook.event != "flow.start" {
			return fail("packets are kept out of flows before anything else looks at them: give the rule the hook pre_flow (tcp:pre_flow)")
		}
		b.r.Effects = append(b.r.Effects, &ir.Untracked{})
	default:
		return fail("wants logging disable, type tx, scope tx or flow; or tracking disable, type flow, scope packet")
	}
	return nil
}

// bypass ends the work on the flow.
func bypass(b *builder, v string) *problem {
	if b.filestore {
		return storesAndBypasses()
	}
	b.notIPOnly, b.bypasses = true, true
	b.r.Effects = append(b.r.Effects, &ir.Bypass{})
	return nil
}

func storesAndBypasses() *problem {
	return fail("filestore and bypass exclude each other: of a flow that is not looked at no file can be stored")
}
