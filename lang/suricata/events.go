package suricata

import (
	"slices"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// appLayerProtocol asks which protocol was recognised. Negated it waits until recognition is over.
func appLayerProtocol(b *builder, v string) *problem {
	name, mode, _ := strings.Cut(v, ",")
	name, neg := strings.CutPrefix(strings.TrimSpace(name), "!")
	app := b.l.common.app
	switch mode = strings.TrimSpace(mode); mode {
	case "", "final", "either":
		if app == nil {
			return fail("the engine has no field flow.app")
		}
	case "to_server", "toserver", "to_client", "toclient":
		field := "flow.app_to_" + strings.TrimPrefix(strings.TrimPrefix(mode, "to"), "_")
		var err *problem
		if app, err = b.field(field); err != nil {
			return err
		}
	default:
		return fail("unknown mode %s", mode)
	}
	name = specName(strings.ToLower(name))
	known := name == "failed" || name == "unknown" || b.l.schema.Spec(name) != nil
	if !known && !neg {
		return fail("protocol %s is not supported yet", name)
	}
	if !known {
		// Flows of an unsupported protocol would pass for something else.
		return fail("protocol %s is not supported yet, so its flows cannot be left out", name)
	}
	b.appProto = true
	x := appTest(app, name)
	if strings.HasPrefix(strings.TrimPrefix(v, "!"), "http1") {
		x = &ir.Cmp{Op: ir.Eq, X: app, Y: ir.Str(name), Pos: b.pos()}
	}
	switch {
	case name == "unknown" && neg:
		x = &ir.Exists{X: app}
	case name == "unknown":
		x = &ir.Not{X: &ir.Exists{X: app}}
	case neg:
		x = &ir.And{X: []ir.Expr{&ir.Exists{X: app}, &ir.Not{X: x}}}
	}
	b.require(x)
	return nil
}

// event makes the handler of decode-event and stream-event.
func event(prefix string) handler {
	return func(b *builder, v string) *problem {
		name, err := b.l.eventName(prefix, strings.TrimPrefix(strings.ToLower(v), prefix))
		if err != nil {
			return err
		}
		return b.anomaly(name)
	}
}

// renamedEvents are names of events that rules still use, and what they are called now.
var renamedEvents = map[string]string{
	"dns.not_a_request": "not_request", "dns.not_a_response": "not_response",
	"ike.weak_crypto_nodh": "weak_crypto_no_dh", "ike.weak_crypto_noauth": "weak_crypto_no_auth",
}

func appLayerEvent(b *builder, v string) *problem {
	proto, name, ok := strings.Cut(strings.ToLower(v), ".")
	if !ok {
		// Events of recognition itself have no protocol.
		name, err := b.l.eventName("", proto)
		if err != nil {
			return err
		}
		return b.anomaly(name)
	}
	spec := b.l.schema.Spec(specName(proto))
	if spec == nil {
		return fail("protocol %s is not supported yet", proto)
	}
	if now := renamedEvents[spec.Name+"."+name]; now != "" {
		name = now
	}
	if !slices.Contains(spec.Anomalies, name) {
		return fail("%s has no event %s%s", spec.Name, name, didYouMean(name, spec.Anomalies))
	}
	if b.spec != nil && !sameFamily(b.spec, spec) {
		return fail("it is of protocol %s", spec.Name)
	}
	b.txEvent = true
	return b.anomaly(spec.Name + "." + name)
}

func (b *builder) anomaly(name string) *problem {
	if b.l.common.anomaly == nil {
		return fail("the engine has no field anomaly.event")
	}
	b.appEvent, b.notIPOnly = true, true
	b.require(&ir.Cmp{Op: ir.Eq, X: b.l.common.anomaly, Y: ir.Str(name), Pos: b.pos()})
	return nil
}
