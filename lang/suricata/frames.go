package suricata

import (
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
)

// frame makes a frame the buffer that contents go to: frame:PROTOCOL.KIND, or frame:KIND in rules that name the protocol.
func frame(b *builder, v string) *problem {
	v = strings.ToLower(strings.TrimSpace(unquote(v)))
	if v == "" {
		return fail("wants the name of a frame: protocol.kind")
	}
	spec, kind := b.spec, v
	if proto, rest, ok := strings.Cut(v, "."); ok {
		if s := b.l.schema.Spec(specName(proto)); s != nil {
			spec, kind = s, rest
		} else if _, known := protocolOf[proto]; known {
			return fail("protocol %s is not supported yet", proto)
		}
	}
	switch {
	case spec == nil:
		return fail("the protocol of frame %s is missing: protocol.%s", kind, kind)
	case b.spec != nil && !sameFamily(b.spec, spec):
		return fail("it is of protocol %s, and the rule is about %s", spec.Name, b.spec.Name)
	case kind == "stream":
		return b.streamFrame(spec)
	case spec.Name == "ssh":
		kind = strings.Replace(kind, "record.", "record_", 1) // its manual has both
	}
	if !slices.Contains(spec.Frames, kind) {
		if len(spec.Frames) == 0 {
			return fail("protocol %s has no frames here", spec.Name)
		}
		return fail("protocol %s has no frame %s, it has: %s", spec.Name, kind, strings.Join(spec.Frames, ", "))
	}
	f := b.l.schema.Field(frameField(spec, kind))
	if f == nil {
		return fail("the engine has no field %s", frameField(spec, kind))
	}
	b.setSticky(b.l.bufferOf(f))
	b.notIPOnly = true
	return nil
}

// checkFrames refuses what is of a whole message beside a frame, as Suricata does.
func checkFrames(uses []use) *problem {
	i := slices.IndexFunc(uses, use.ofFrame)
	if i < 0 {
		return nil
	}
	if j := slices.IndexFunc(uses, func(u use) bool { return !u.ofFrame() }); j >= 0 {
		return fail("it names %s, of a message, beside %s: a frame is looked at by itself", uses[j].f.Name, uses[i].f.Name)
	}
	return nil
}

func (u use) ofFrame() bool { return u.spec != nil && u.ev.Name == u.spec.Name+".frame" }

func frameField(s *dissect.Spec, kind string) string { return s.Name + ".frame." + kind }

// streamFrame is the whole stream of a protocol: contents without buffer, in its flows only.
func (b *builder) streamFrame(spec *dissect.Spec) *problem {
	b.setSticky(nil)
	b.onlyStream = true
	if b.spec == nil {
		b.spec, b.appName = spec, spec.Name
		b.proto = protocol{app: true, tcp: true}
	}
	return nil
}
