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
	if app == nil {
		return fail("the engine has no field flow.app")
	}
	sides := false // it depends on the rule's direction
	switch mode = strings.TrimSpace(mode); mode {
	case "final", "either":
	case "", "direction":
		sides = true
	case "original", "to_server", "toserver", "to_client", "toclient":
		field := "flow.app_orig"
		if side, ok := strings.CutPrefix(mode, "to"); ok {
			field = "flow.app_to_" + strings.TrimPrefix(side, "_")
		}
		var err *problem
		if app, err = b.field(field); err != nil {
			return err
		}
	default:
		return fail("unknown mode %s: there are direction, final, original, either, to_server and to_client", mode)
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
	test := func(app ir.Expr) ir.Expr {
		if strings.HasPrefix(strings.TrimPrefix(v, "!"), "http1") {
			return &ir.Cmp{Op: ir.Eq, X: app, Y: ir.Str(name), Pos: b.pos()}
		}
		return appTest(app, name)
	}
	x := test(app)
	if sides && name != "failed" && name != "unknown" {
		if ok, err := b.appOfSide(app, test, neg); ok || err != nil {
			return err
		}
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

// appOfSide asks which protocol the rule's direction was recognised as, where the two sides of a flow speak different ones; else which one the flow
// has. ok is false where directions have no fields.
func (b *builder) appOfSide(app ir.Expr, test func(ir.Expr) ir.Expr, neg bool) (ok bool, err *problem) {
	var side [bothDirs + 1]ir.Expr
	for d, name := range map[dirs]string{toServer: "flow.app_to_server", toClient: "flow.app_to_client"} {
		if b.l.schema.Field(name) == nil {
			return false, nil
		}
		if side[d], err = b.field(name); err != nil {
			return false, err
		}
	}
	b.apps = append(b.apps, func(d dirs) ir.Expr {
		x := test(app)
		if s := side[d]; s != nil {
			x = &ir.Or{X: []ir.Expr{test(s), &ir.And{X: []ir.Expr{&ir.Not{X: &ir.Exists{X: s}}, x}}}}
		}
		if neg {
			return &ir.And{X: []ir.Expr{&ir.Exists{X: app}, &ir.Not{X: x}}}
		}
		return x
	})
	return true, nil
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
	if proto == "file" {
		return fail("the events of unpacking Flash files are not raised: they are not unpacked here")
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
