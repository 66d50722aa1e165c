package nfs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestFrames looks at what frames hold, over TCP, with a mark in front of messages, and UDP.
func TestFrames(t *testing.T) {
	lookup := opaque(folder) + opaque("plan.txt")
	found := u32(0) + opaque(file) + attr3 + attr3
	compound := u32(0, 0, 2, 24) // no tag, minor version 0, two operations of which the first is PUTROOTFH
	done := u32(0, 0, 2, 24, 0)
	creds := cred[:len(cred)-8] // without the verifier
	for _, tt := range []struct {
		name      string
		call      string
		reply     string
		args      map[string]string // frames of NFS to the server
		results   map[string]string // and to the client
		datagrams bool
	}{
		{"version 3", asks(1, 3, v3Lookup, lookup), gives(1, found), map[string]string{"nfs.pdu": lookup},
			map[string]string{"nfs.pdu": found, "nfs.status": found[:4]}, false},
		{"version 3 in datagrams", asks(1, 3, v3Lookup, lookup), gives(1, found), map[string]string{"nfs.pdu": lookup},
			map[string]string{"nfs.pdu": found, "nfs.status": found[:4]}, true},
		{"version 4", asks(1, 4, 1, compound), gives(1, done),
			map[string]string{"nfs4.pdu": compound, "nfs4.hdr": compound[:8], "nfs4.ops": compound[8:]},
			map[string]string{"nfs4.pdu": done, "nfs4.status": done[:4], "nfs4.hdr": done[:8], "nfs4.ops": done[8:]}, false},
	} {
		r := dissecttest.New(Spec())
		r.Ctx.Limits.Frames = true
		for _, kind := range frames {
			r.Fields = append(r.Fields, onFrame+"."+kind)
		}
		mark, call, reply := 0, tt.call, tt.reply
		if tt.datagrams {
			r.Ctx.Flow.Key.Proto = 17
		} else {
			mark, call, reply = markLen, record(call), record(reply)
		}
		r.Data(toServer, call).Data(toClient, reply)
		var want []string
		expect := func(dir dissect.Dir, list map[string]string) {
			for kind, b := range list {
				want = append(want, fmt.Sprintf("%s %s %s.%s=%q", onFrame, dir, onFrame, kind, b))
			}
		}
		expect(toServer, map[string]string{"rpc.pdu": call, "rpc.creds": creds})
		expect(toServer, tt.args)
		expect(toClient, map[string]string{"rpc.pdu": reply, "rpc.hdr": reply[:mark+8], "rpc.data": reply[mark+8:]})
		expect(toClient, tt.results)
		got := slices.DeleteFunc(slices.Clone(r.Lines), func(l string) bool { return !strings.HasPrefix(l, onFrame+" ") })
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

// TestFramesOfLongRecords: of what is content, frames have the beginning, and their length on the wire.
func TestFramesOfLongRecords(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Limits.Frames = true
	r.Fields = []string{onFrame + ".rpc.pdu"}
	write := record(write3(1, 0, 2, strings.Repeat("x", 20_000)))
	r.Data(toServer, write[:5000]).Data(toServer, write[5000:])
	n := 0
	for _, l := range r.Lines {
		if _, v, ok := strings.Cut(l, ".rpc.pdu="); ok {
			n++
			if len(v) < 4096 || len(v) > 4*5000 {
				t.Errorf("%d characters", len(v))
			}
		}
	}
	if n != 1 {
		t.Errorf("%d frames of one record", n)
	}
}
