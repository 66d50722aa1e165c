package match

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
)

// Caps of what rules take out of the traffic for records.
const (
	maxCaptures     = 16  // of a flow, or of a packet
	maxCaptureBytes = 256 // of each
)

// captureEffect keeps a group of an expression that matched.
type captureEffect struct {
	buf    bnode
	re     *regex.Regex
	group  int
	name   string
	packet bool
}

func (x *captureEffect) do(m *Matcher) {
	b, ok := x.buf.bytes(m)
	if !ok {
		return
	}
	lo, hi, res := x.re.FindGroup(&m.re, b, x.group)
	if res != regex.Found || lo < 0 {
		return
	}
	v := b[lo:min(hi, lo+maxCaptureBytes)]
	switch {
	case x.packet:
		m.packetVars = capture(m.packetVars, x.name, v)
	case m.e.Flow != nil:
		vars := m.flowVars()
		vars.Captured = capture(vars.Captured, x.name, v)
	}
}

// capture adds a value, or replaces the one of its name.
func capture(list []dissect.Captured, name string, v []byte) []dissect.Captured {
	for i := range list {
		if list[i].Name == name {
			list[i].Value = append(list[i].Value[:0], v...)
			return list
		}
	}
	if len(list) < maxCaptures {
		list = append(list, dissect.Captured{Name: name, Value: bytes.Clone(v)})
	}
	return list
}

// PacketVars gives what rules have taken out of the packet so far; valid until rules are judged again.
func (m *Matcher) PacketVars() []dissect.Captured { return m.packetVars }

// TakePacketVars gives what rules took out of the packet since the last call; valid until rules are judged again.
func (m *Matcher) TakePacketVars() []dissect.Captured {
	list := m.packetVars
	m.packetVars = list[:0]
	return list
}

// noteEntropy keeps the entropy of a buffer that a rule names.
func (m *Matcher) noteEntropy(buffer string, v float64) {
	if buffer == "" || m.e.Flow == nil {
		return
	}
	vars := m.flowVars()
	for i := range vars.Entropy {
		if vars.Entropy[i].Buffer == buffer {
			vars.Entropy[i].Value = v
			return
		}
	}
	if len(vars.Entropy) < maxCaptures {
		vars.Entropy = append(vars.Entropy, dissect.Entropy{Buffer: buffer, Value: v})
	}
}

// capture compiles an effect that keeps a group.
func (b *builder) capture(r *Rule, e *ir.KeepGroup) {
	v := b.c.value(e.Buf)
	if v.b == nil {
		b.c.errorf(r.Pos, "%s is taken from a value that is no text", e.Name)
		return
	}
	r.local = append(r.local, &captureEffect{v.b, e.Re, e.Group, e.Name, e.Packet})
}
