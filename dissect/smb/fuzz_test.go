package smb

import (
	"encoding/binary"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// FuzzSMB gives a conversation: pieces of which each begins with a byte that says who speaks, whether it is a gap, and whether the
// length of the message is put right (bits 0 to 2), and two bytes of length. A parser that gets them byte by byte must say the same.
func FuzzSMB(f *testing.F) {
	// Small ones: what is interesting of large ones takes a minute to make small.
	f.Add(conversation(append(opened(`\\s\a$`, 1, "x"), say{toServer, message2(cmd2Write, 7, write2(0, 20, []byte("MZ and 18 more bytes")))})...))
	f.Add(conversation(append(opened(`\\s\i`, 2, "svcctl"), say{toServer, message2(cmd2Write, 7, write2(0, 72, bindPDU(1)))},
		say{toServer, message2(cmd2Read, 8, readRequest2(0, 99))}, say{toClient, answer2(cmd2Read, 8, 0, readAnswer2(bindAckPDU(1)))})...))
	f.Add(conversation(append(closed(3), say{toServer, message2(cmd2SetInfo, 4, join(le16s(33), []byte{1, 10}, le32s(24), le16s(96, 0), le32s(0), handle(1), make([]byte, 16), le32s(4), utf16le("yz")))},
		say{toServer, message2(cmd2SessionSetup, 5, join(make([]byte, 24), []byte("NTLMSSP\x00\x03\x00\x00\x00"), make([]byte, 60)))})...))
	f.Add(conversation(
		say{toServer, message1(cmd1Negotiate, 1, nil, []byte("\x02NT LM 0.12\x00"))},
		say{toServer, message1(cmd1SessionSetup, 2, join([]byte{cmd1TreeConnect, 0, 80, 0}, make([]byte, 20)), make([]byte, 40))},
		say{toServer, message1(cmd1WriteAndX, 3, join([]byte{0xff, 0, 0, 0}, le16s(7), make([]byte, 14), le16s(4, 63), make([]byte, 4)), []byte("\x00data"))},
		say{toServer, message1(cmd1Trans2, 4, join(make([]byte, 18), le16s(6, 70, 4, 80, 1, setPathInfo)), make([]byte, 40))},
		say{toServer, message1(cmd1Trans, 5, join(make([]byte, 22), le16s(8, 70, 2, 0x26, 7)), make([]byte, 40))},
	))
	f.Add(conversation(say{toServer, message2(cmd2Write, 7, write2(0, 20, []byte("MZ and 18 more bytes")))},
		say{toServer, message2(cmd2Write, 8, write2(0, 20, []byte("at the beginning too")))}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxInput {
			return
		}
		whole, slow := play(data, false), play(data, true)
		if whole.Text() != slow.Text() {
			t.Errorf("byte by byte:\n%s\nat once:\n%s", slow.Text(), whole.Text())
		}
	})
}

// maxInput keeps the byte by byte run short.
const maxInput = 8 << 10

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
