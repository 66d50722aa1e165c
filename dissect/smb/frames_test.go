package smb

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
)

// TestFramesGrow wants the frames of a command that comes in many segments whole, and of one that lost bytes with a word of it.
func TestFramesGrow(t *testing.T) {
	content := strings.Repeat("0123456789", 600)
	write := string(message2(cmd2Write, 3, write2(0, uint32(len(content)), []byte(content))))
	at := strings.Index(write, content)
	const head = nbHeader + header2
	show := func(feed func(data func(string), gap func(int))) (frames map[string]string) {
		r := recorder("smb.frame.smb2.data", "smb.frame.smb2.hdr", "smb.frame.smb2.pdu", "smb.frame.nbss.pdu", "smb.frame.nbss.data")
		r.Ctx.Limits.Frames = true
		talk(r, false, opened(`\\srv\data`, 1, "a.txt")...)
		before := len(r.Lines)
		feed(func(s string) { r.Data(toServer, s) }, func(n int) { r.Gap(toServer, n) })
		r.End(dissect.EndFIN)
		frames = map[string]string{}
		for _, line := range r.Lines[before:] {
			if name, value, ok := strings.Cut(strings.TrimPrefix(line, "smb.frame to_server smb.frame."), "="); ok && strings.HasPrefix(line, "smb.frame ") {
				frames[name] += value
			}
		}
		return frames
	}
	slow := show(func(data func(string), gap func(int)) {
		for i := range len(write) {
			data(write[i : i+1])
		}
	})
	whole := show(func(data func(string), gap func(int)) {
		data(write)
	})
	for name, want := range whole {
		if slow[name] != want || want == "" {
			t.Errorf("%s: %d bytes as a whole, %d in pieces", name, len(want), len(slow[name]))
		}
	}
	if len(whole) != 5 || !strings.Contains(whole["smb2.data"], content) || strings.Contains(whole["smb2.hdr"], "0123") {
		t.Errorf("frames %d: %.100q", len(whole), whole)
	}
	lost := show(func(data func(string), gap func(int)) {
		data(write[:at+1000])
		gap(2000)
		data(write[at+3000:])
	})
	if want := content[:1000] + "[2000 bytes missing]" + content[3000:]; !strings.Contains(lost["smb2.data"], want) || !strings.Contains(lost["nbss.pdu"], want) {
		t.Errorf("with a hole: %.1200q", lost["smb2.data"])
	}
	cut := show(func(data func(string), gap func(int)) {
		data(write[:head+500])
	})
	if got := cut["smb2.data"]; !strings.Contains(got, content[:500-(at-head)]) || strings.Contains(got, content[:501]) {
		t.Errorf("cut: %.1200q", got)
	}
}
