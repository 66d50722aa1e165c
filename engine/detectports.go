package engine

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
)

// transports are Suricata's names of the transports that a protocol's settings may stand below.
var transports = [2]string{"tcp", "udp"}

// detectsOver tells whether a protocol is to be recognised over a transport (0 TCP, 1 UDP): app-layer.protocols.dns.udp.enabled.
func detectsOver(set map[string]string, spec *dissect.Spec, over int) bool {
	v, said := set[spec.Name+"."+transports[over]+".enabled"]
	return !said || dissect.Truth(v) || v == detectionOnly
}

// detectionOnly is the value of a protocol's setting enabled with which it is recognised and not parsed.
const detectionOnly = "detection-only"

// blind stands for the parser of a protocol that is only recognised.
var blind dissect.Parser = new(noParser)

type noParser struct{ _ byte } // with a size, so that its address is its own

func (*noParser) Data(_ *dissect.Ctx, _ dissect.Dir, data []byte) int      { return len(data) }
func (*noParser) Gap(*dissect.Ctx, dissect.Dir, int)                       {}
func (*noParser) End(*dissect.Ctx, dissect.Dir, dissect.EndReason, []byte) {}
func (*noParser) Reset()                                                   {}

// usualPorts gives the server ports of a protocol: those of app-layer.protocols.NAME.detection-ports.dp, which may stand below
// tcp or udp, else its own.
func usualPorts(set map[string]string, spec *dissect.Spec, over int, own []uint16) []uint16 {
	for _, name := range [...]string{spec.Name + "." + transports[over], spec.Name} {
		if v, ok := set[name+".detection-ports.dp"]; ok {
			if list, ok := portsOf(v); ok {
				return list
			}
		}
	}
	return own
}

// followsAll tells whether streams of a protocol are followed past stream.reassembly.depth: app-layer.protocols.NAME.stream-depth is 0.
// Any other number leaves them at that depth.
func followsAll(set map[string]string, spec *dissect.Spec) bool {
	if v, ok := set[spec.Name+".stream-depth"]; ok {
		return dissect.Size(v, 1) == 0
	}
	return spec.Unlimited
}

// maxRange is how many ports a range may have: hints are kept by port.
const maxRange = 1024

// portsOf reads ports as Suricata's settings have them: 443, "[443, 444, 8000:8010]". Others (any, negation, variables) are none.
func portsOf(v string) (list []uint16, ok bool) {
	for _, s := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune("[], ", r) }) {
		from, to, isRange := strings.Cut(s, ":")
		if !isRange {
			to = from
		}
		a, err := strconv.ParseUint(from, 10, 16)
		b, err2 := strconv.ParseUint(to, 10, 16)
		if err != nil || err2 != nil || b < a || b-a >= maxRange {
			return nil, false
		}
		for p := a; p <= b; p++ {
			list = append(list, uint16(p))
		}
	}
	return list, len(list) > 0
}
