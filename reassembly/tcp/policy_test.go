package tcp

import (
	"bytes"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// seg is a segment at an offset of the stream, 1 being the first byte.
type seg struct {
	at   uint32
	data string
}

// The segments of figure 1 of Novak and Sturges, "Target-Based TCP Stream Segment
// Reassembly": first what comes out of order, then what overlaps it, last the missing byte.
var novak = []seg{{2, "AAA"}, {6, "BB"}, {8, "CCC"}, {12, "D"}, {15, "EE"}, {17, "FFF"},
	{20, "GG"}, {22, "HH"}, {24, "I"},
	{3, "JJJJ"}, {8, "KKK"}, {11, "LLL"}, {14, "MMM"}, {18, "N"}, {21, "O"}, {22, "P"}, {24, "QQ"},
	{1, "0"}}

var overlapTests = []struct {
	name string
	segs []seg
	want map[Policy]string
}{
	{"novak", novak, map[Policy]string{
		PolicyBSD:     "0AAAJJBCCCLLLMMMFFFGGHHIQ",
		PolicyVista:   "0AAAJBBCCCLDLMEEFFFGGHHIQ",
		PolicyLinux:   "0AAAJJBCCCLLLMMMFFFGGHHQQ",
		PolicySolaris: "0AJJJBBKKKLLLMMMFFFGGHHQQ",
		PolicyLast:    "0AJJJJBKKKLLLMMMFNFGOPHQQ",
		// Old Linux takes a segment that begins with the buffered one, too.
		PolicyOldLinux: "0AAAJJBKKKLLLMMMFFFGGHHQQ",
		// The mirror of BSD: what begins later wins.
		PolicyBSDRight: "0AJJJBBKKKLDLMEEFNFGOPHQQ",
	}},
	{"begins before", []seg{{4, "B"}, {10, "D"}, {13, "EE"}, {3, "AA"}, {2, "JJJJ"}, {9, "LLL"}, {12, "MMM"},
		{6, "---"}, {1, "0"}}, map[Policy]string{
		PolicyBSD: "0JJJJ---LLLMMM", PolicyVista: "0JABJ---LDLMEE", PolicyLinux: "0JJJJ---LLLMMM",
		PolicyOldLinux: "0JJJJ---LLLMMM", PolicySolaris: "0JJJJ---LLLMMM", PolicyLast: "0JJJJ---LLLMMM",
		PolicyBSDRight: "0JABJ---LDLMEE",
	}},
	{"begins the same", []seg{{2, "CCC"}, {8, "HH"}, {10, "II"}, {2, "KKK"}, {2, "LLLL"}, {8, "P"}, {8, "QQ"},
		{6, "--"}, {1, "0"}}, map[Policy]string{
		PolicyBSD: "0CCCL--HHII", PolicyVista: "0CCCL--HHII", PolicyLinux: "0LLLL--HHII",
		PolicyOldLinux: "0LLLL--QQII", PolicySolaris: "0LLLL--QQII", PolicyLast: "0LLLL--QQII",
		PolicyBSDRight: "0LLLL--QQII",
	}},
	{"begins after", []seg{{2, "AA"}, {7, "FFF"}, {10, "GG"}, {3, "JJ"}, {11, "O"}, {8, "N"}, {5, "--"}, {1, "0"}},
		map[Policy]string{
			PolicyBSD: "0AAJ--FFFGG", PolicyVista: "0AAJ--FFFGG", PolicyLinux: "0AAJ--FFFGG",
			PolicyOldLinux: "0AAJ--FFFGG", PolicySolaris: "0AJJ--FFFGG", PolicyLast: "0AJJ--FNFGO",
			PolicyBSDRight: "0AJJ--FNFGO",
		}},
	{"over several", []seg{{11, "AAAAAAAAAA"}, {21, "BBBBBBBBBB"}, {41, "CCCCCCCCCC"}, {6, "aaaaaaaaaaaaaaaaaaaa"},
		{2, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}, {1, "0"}}, map[Policy]string{
		PolicyBSD:   "0xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		PolicyFirst: "0xxxxaaaaaAAAAAAAAAABBBBBBBBBBxxxxxxxxxxCCCCCCCCCC",
	}},
}

// aliases are the policies that act like another.
var aliases = map[Policy]Policy{PolicyFirst: PolicyVista, PolicyOldSolaris: PolicyVista,
	PolicyHPUX10: PolicyBSD, PolicyIRIX: PolicyBSD, PolicyMacOS: PolicyBSD, PolicyWindows: PolicyBSD,
	PolicyWindows2K3: PolicyBSD, PolicyHPUX11: PolicySolaris}

// sink collects what is delivered.
type sink struct {
	data   [2][]byte
	gaps   [2]int
	ends   [2]int
	events [EventCount]int
}

func (s *sink) Data(c *Conn, dir dissect.Dir, off uint64, data []byte) {
	s.data[dir] = append(s.data[dir], data...)
}
func (s *sink) Gap(c *Conn, dir dissect.Dir, off uint64, n int)     { s.gaps[dir] += n }
func (s *sink) End(c *Conn, dir dissect.Dir, why dissect.EndReason) { s.ends[dir]++ }
func (s *sink) Event(c *Conn, dir dissect.Dir, e Event)             { s.events[e]++ }

// connect makes an established connection.
func connect(a *Assembler, c *Conn, cl, sv uint32, h Handler) {
	opt := packet.TCPOptions{HasWScale: true, WScale: 10}
	a.Packet(c, &packet.Packet{TCPFlags: packet.SYN, Seq: cl, TCPWindow: 65535, TCPOpt: opt}, dissect.ToServer, h)
	a.Packet(c, &packet.Packet{TCPFlags: packet.SYN | packet.ACK, Seq: sv, AckNum: cl + 1, TCPWindow: 65535, TCPOpt: opt}, dissect.ToClient, h)
	a.Packet(c, &packet.Packet{TCPFlags: packet.ACK, Seq: cl + 1, AckNum: sv + 1, TCPWindow: 65535}, dissect.ToServer, h)
}

func TestOverlapPolicies(t *testing.T) {
	for _, tt := range overlapTests {
		want := map[Policy]string{}
		for p, w := range tt.want {
			want[p] = w
		}
		for p, like := range aliases {
			if w, ok := tt.want[like]; ok {
				want[p] = w
			}
		}
		for pol, w := range want {
			for _, isn := range isns {
				var c Conn
				var s sink
				a := New(Config{Policy: func(dst packet.Addr) Policy {
					if dst[15] == 1 {
						return pol
					}
					return PolicyBSD
				}})
				c.half[0].policy = pol
				opt := packet.TCPOptions{}
				a.Packet(&c, &packet.Packet{TCPFlags: packet.SYN, Seq: isn[0], TCPWindow: 999, TCPOpt: opt,
					Dst: packet.Addr{15: 1}}, dissect.ToServer, &s)
				a.Packet(&c, &packet.Packet{TCPFlags: packet.SYN | packet.ACK, Seq: isn[1], AckNum: isn[0] + 1,
					TCPWindow: 999}, dissect.ToClient, &s)
				for _, g := range tt.segs {
					a.Packet(&c, &packet.Packet{TCPFlags: packet.ACK, Seq: isn[0] + g.at, AckNum: isn[1] + 1,
						TCPWindow: 999, Payload: []byte(g.data)}, dissect.ToServer, &s)
				}
				// Of hosts where the last may win nothing counts before it is acknowledged.
				a.Packet(&c, &packet.Packet{TCPFlags: packet.ACK, Seq: isn[1] + 1, AckNum: isn[0] + 1 + uint32(len(w)),
					TCPWindow: 999}, dissect.ToClient, &s)
				if string(s.data[0]) != w {
					t.Errorf("%s, policy %v, isn %x: %q, want %q", tt.name, pol, isn[0], s.data[0], w)
				}
				if s.events[EvReassemblyOverlapDifferentData] == 0 {
					t.Errorf("%s, policy %v: no overlap event", tt.name, pol)
				}
				a.Close(&c, dissect.EndCapture, &s)
				if n := poolUse(a); n != a.MemUse() {
					t.Errorf("%s, policy %v: %d bytes in use, %d pooled", tt.name, pol, a.MemUse(), n)
				}
			}
		}
	}
}

func TestPolicyNames(t *testing.T) {
	for p := Policy(0); p < policyCount; p++ {
		if got, ok := PolicyByName(p.String()); !ok || got != p || p.String() == "" {
			t.Errorf("policy %d: name %q gives %d", p, p, got)
		}
	}
	if _, ok := PolicyByName("amiga"); ok {
		t.Error("unknown policy was found")
	}
	for u := UrgentOOB; u <= UrgentGap; u++ {
		if got, ok := UrgentByName(u.String()); !ok || got != u {
			t.Errorf("urgent policy %d: name %q gives %d", u, u, got)
		}
	}
}

func TestEventNames(t *testing.T) {
	seen, names := map[string]bool{}, EventNames()
	for e := NoEvent + 1; e < EventCount; e++ {
		n := e.Name()
		if n == "" || seen[n] {
			t.Errorf("event %d has name %q", e, n)
		}
		seen[n] = true
		if got := names[n]; got != n {
			t.Errorf("%s is %q to rules", n, got)
		}
	}
	if names["est_synack_resend_with_different_ack"] != EvEstSynAckResendWithDiffAck.Name() {
		t.Error("alias not found")
	}
	if NoEvent.Name() != "" || EventCount.Name() != "" {
		t.Error("names for no event")
	}
}

func TestStatsNames(t *testing.T) {
	seen := map[string]bool{}
	(&Stats{Sessions: 7}).Each(func(name string, v uint64) {
		if seen[name] {
			t.Errorf("counter %s twice", name)
		}
		seen[name] = true
		if (name == "sessions") != (v == 7) {
			t.Errorf("counter %s is %d", name, v)
		}
	})
	for _, n := range []string{"sessions", "syn", "synack", "rst", "reassembly_gap", "overlap_diff_data", "segment_memcap_drop"} {
		if !seen[n] {
			t.Errorf("no counter %s", n)
		}
	}
}

func TestRing(t *testing.T) {
	for _, start := range []uint32{0, 0xfffffff0} {
		r := ring{buf: make([]byte, 16)}
		if r.differs(start, []byte("x")) {
			t.Error("empty ring differs")
		}
		text := []byte("abcdefghijklmnopqrstuvwxyz")
		for i := 0; i < len(text); i += 3 {
			r.add(start+uint32(i), text[i:min(i+3, len(text))])
		}
		for from := range text {
			for to := from + 1; to <= len(text); to++ {
				if r.differs(start+uint32(from), text[from:to]) {
					t.Fatalf("same bytes [%d:%d] differ", from, to)
				}
				bad := bytes.Clone(text[from:to])
				bad[len(bad)-1] ^= 1
				if kept := to-1 >= len(text)-16; r.differs(start+uint32(from), bad) != kept {
					t.Fatalf("changed bytes [%d:%d]: differs is %v", from, to, !kept)
				}
			}
		}
	}
}
