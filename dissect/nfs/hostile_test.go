package nfs

import (
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// gss is a credential of RPCSEC_GSS: procedure, sequence number, service, context.
func gss(proc, service uint32) string {
	return u32(authGSS) + opaque(u32(1, proc, 7, service)+opaque("ctx")) + u32(authGSS) + opaque("mic!")
}

// TestGSS: what Kerberos protects is unwrapped where it can be read, and left alone where it cannot.
func TestGSS(t *testing.T) {
	call := func(xid, proc, service uint32, args string) string {
		return record(u32(xid, 0, 2, program, 3, v3Lookup) + gss(proc, service) + args)
	}
	reply := func(xid uint32, results string) string {
		return record(u32(xid, 1, 0, authGSS) + opaque("mic!") + u32(0) + results)
	}
	args := opaque(folder) + opaque("plan.txt")
	results := u32(2)
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	r.Data(toServer, call(1, 0, 1, args)).Data(toClient, reply(1, results))
	r.Data(toServer, call(2, 0, integrity, opaque(u32(7)+args)+opaque("mic"))).Data(toClient, reply(2, opaque(u32(7)+results)+opaque("mic")))
	r.Data(toServer, call(3, 0, privacy, opaque(strings.Repeat("\xee", 80)))).Data(toClient, reply(3, opaque(strings.Repeat("\xdd", 40))))
	got := r.End(dissect.EndFIN)
	if strings.Contains(got, "anomaly") || len(r.Records) != 3 {
		t.Fatal(got)
	}
	if strings.Contains(r.Records[2], `"status":"OK"`) {
		t.Errorf("nobody knows how it went: %s", r.Records[2])
	}
	for i, want := range []string{`"filename":"plan.txt"`, `"filename":"plan.txt"`, `"filename":""`} {
		if !strings.Contains(r.Records[i], want) || i < 2 && !strings.Contains(r.Records[i], `"status":"ERR_NOENT"`) {
			t.Errorf("no %s in %s", want, r.Records[i])
		}
	}
}

// TestLongListing: a listing of which only the beginning is looked at is not malformed.
func TestLongListing(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	entries := strings.Repeat(u32(1, 0, 9)+opaque("a file name")+u32(0, 9, 0, 1)+opaque("handle"), 2000)
	r.Data(toServer, record(asks(1, 3, v3ReaddirPlus, opaque(folder)+u32(0, 0, 0, 0, 1<<20, 1<<20))))
	for chunk := range slices.Chunk([]byte(record(gives(1, u32(0)+attr3+u32(0, 0)+entries+u32(0, 1)))), 1448) {
		r.Bytes(toClient, chunk)
	}
	if got := r.End(dissect.EndFIN); strings.Contains(got, "anomaly") {
		t.Error(got)
	}
}

// TestGapInContent: what is lost of a write leaves a gap in its file, also where the record is not very long.
func TestGapInContent(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	write := record(write3(1, 0, 2, strings.Repeat("x", 20_000)))
	r.Data(toServer, write[:5000]).Gap(toServer, 1448).Data(toServer, write[6448:])
	r.Data(toServer, record(asks(2, 3, v3Lookup, opaque(folder)+opaque("next"))))
	got := r.End(dissect.EndFIN)
	if !strings.Contains(got, "file to_server name=\"\" state=TRUNCATED size=18552") || strings.Contains(got, "anomaly") || !strings.Contains(got, "nfs.request to_server\nnfs.tx to_client\n") && !strings.Contains(strings.Join(r.Records, ""), `"filename":"next"`) {
		t.Error(got, r.Records)
	}
}

// TestFragments: a record may come in several fragments, however small.
func TestFragments(t *testing.T) {
	call := asks(1, 3, v3Lookup, opaque(folder)+opaque("plan.txt"))
	for _, size := range []int{1, 4, 30, 60} {
		var b strings.Builder
		for i := 0; i < len(call); i += size {
			mark, end := uint32(0), min(i+size, len(call))
			if end == len(call) {
				mark = lastFragment
			}
			b.WriteString(u32(mark|uint32(end-i)) + call[i:end])
		}
		text := b.String()
		if got := probeTCP(toServer, []byte(text), true); got != dissect.Yes {
			t.Errorf("fragments of %d: probe says %v", size, got)
		}
		if got := probeTCP(toServer, []byte(text[:20]), true); got != dissect.More {
			t.Errorf("the first 20 bytes of fragments of %d: probe says %v", size, got)
		}
		r := dissecttest.New(Spec())
		r.Fields = []string{"nfs.filename"}
		r.Trickle(toServer, text).Data(toServer, record(asks(2, 3, v3Lookup, opaque(folder)+opaque("next"))))
		if got := r.Text(); got != "nfs.request to_server nfs.filename=\"plan.txt\"\nnfs.request to_server nfs.filename=\"next\"\n" {
			t.Errorf("fragments of %d: %s", size, got)
		}
	}
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	r.Data(toServer, strings.Repeat(u32(8000)+strings.Repeat("x", 8000), 20))
	r.Data(toServer, record(call))
	if got := r.Text(); got != "nfs.request to_server\n" {
		t.Errorf("behind a record without end: %s", got)
	}
}
