package smb

import (
	"encoding/binary"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// FuzzSMB gives a conversation: pieces of which each begins with a byte that says who speaks, whether it is a gap, and whether the
// length of the message is put right (bits 0 to 2), and two bytes of length. A parser that gets them byte by byte must say the same.
func FuzzSMB(f *testing.F) {
	for _, name := range []string{"smb_psexec.pcap", "smb_rpc.pcap"} {
		flows, err := replay.File(captures+name, Spec, replay.Options{})
		if err != nil {
			f.Fatal(err)
		}
		for i := range flows {
			f.Add(seedOf(f, name, i))
		}
	}
	f.Add(conversation(
		say{dissect.ToServer, message1(cmd1Negotiate, 1, nil, []byte("\x02NT LM 0.12\x00"))},
		say{dissect.ToServer, message2(cmd2Write, 7, write2(0, 100, []byte("MZ")))},
	))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		whole, slow := play(data, false), play(data, true)
		if whole.Text() != slow.Text() {
			t.Errorf("byte by byte:\n%s\nat once:\n%s", slow.Text(), whole.Text())
		}
	})
}

// say is what one side sends.
type say struct {
	dir  dissect.Dir
	data []byte
}

// conversation is the form in which FuzzSMB gets its input.
func conversation(list ...say) (out []byte) {
	for _, s := range list {
		for data := s.data; len(data) > 0; {
			n := min(len(data), 65535)
			out = append(out, byte(s.dir))
			out = binary.BigEndian.AppendUint16(out, uint16(n))
			out = append(out, data[:n]...)
			data = data[n:]
		}
	}
	return out
}

// play runs the parser over a conversation.
func play(data []byte, slow bool) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	for len(data) >= 3 {
		kind, n := data[0], int(binary.BigEndian.Uint16(data[1:]))
		data = data[3:]
		n = min(n, len(data))
		part := data[:n]
		data = data[n:]
		dir := dissect.Dir(kind & 1)
		switch {
		case kind&2 != 0:
			r.Gap(dir, n)
			continue
		case kind&4 != 0 && n > nbHeader:
			part = append([]byte{0, 0, byte((n - nbHeader) >> 8), byte(n - nbHeader)}, part[nbHeader:]...)
		}
		if slow {
			r.Trickle(dir, string(part))
		} else {
			r.Data(dir, string(part))
		}
	}
	r.End(dissect.EndCapture)
	return r
}

// recorded is a parser that keeps what it gets.
type recorded struct {
	dissect.Parser
	says *[]say
}

func (p recorded) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	*p.says = append(*p.says, say{dir, append([]byte(nil), data...)})
	return len(data)
}

// seedOf gives the i-th flow of a capture as a conversation.
func seedOf(f testing.TB, name string, i int) []byte {
	var all []*[]say
	spec := func() *dissect.Spec {
		s := Spec()
		s.New = func() dissect.Parser {
			says := new([]say)
			all = append(all, says)
			return recorded{new(parser), says}
		}
		return s
	}
	if _, err := replay.File(captures+name, spec, replay.Options{}); err != nil || len(all) <= i {
		f.Fatal(err, len(all))
	}
	return conversation(*all[i]...)
}
