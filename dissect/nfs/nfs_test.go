package nfs

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const toServer, toClient = dissect.ToServer, dissect.ToClient

func u32(n ...uint32) string {
	var b []byte
	for _, v := range n {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return string(b)
}

func opaque(s string) string { return u32(uint32(len(s))) + s + strings.Repeat("\x00", -len(s)&3) }

// cred is AUTH_UNIX of uid 1000 and gid 100 on "mill7".
var cred = u32(1) + opaque(u32(9)+opaque("mill7")+u32(1000, 100, 0)) + u32(0, 0)

func asks(xid, vers, proc uint32, args string) string {
	return u32(xid, 0, 2, program, vers, proc) + cred + args
}

func gives(xid uint32, results string) string { return u32(xid, 1, 0, 0, 0, 0) + results }

func record(s string) string { return u32(uint32(len(s))|lastFragment) + s }

const folder, file = "folder", "the file"

var attr3 = u32(1) + strings.Repeat("\x00", attrLen3)

func read3(xid uint32, off uint32) string {
	return asks(xid, 3, v3Read, opaque(file)+u32(0, off, 4096))
}

func gave3(xid uint32, data string, eof uint32) string {
	return gives(xid, u32(0)+attr3+u32(uint32(len(data)), eof)+opaque(data))
}

func write3(xid, off, stable uint32, data string) string {
	return asks(xid, 3, v3Write, opaque(file)+u32(0, off, uint32(len(data)), stable)+opaque(data))
}

// names teaches the name of the file.
func names(r *dissecttest.Recorder, wrap func(string) string) {
	r.Data(toServer, wrap(asks(1, 3, v3Lookup, opaque(folder)+opaque("plan.txt"))))
	r.Data(toClient, wrap(gives(1, u32(0)+opaque(file)+attr3+attr3)))
}

func udp() *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Ctx.Flow.Key.Proto = 17
	return r
}

func plain(s string) string { return s }

func TestCalls(t *testing.T) {
	for _, over := range []string{"UDP", "TCP"} {
		r, wrap := udp(), plain
		if over == "TCP" {
			r, wrap = dissecttest.New(Spec()), record
		}
		names(r, wrap)
		r.Data(toServer, wrap(asks(2, 3, v3Getattr, opaque(file))))
		r.Data(toClient, wrap(gives(2, u32(0)+attr3[4:])))
		r.Data(toServer, wrap(asks(3, 3, v3Rename, opaque(folder)+opaque("plan.txt")+opaque(folder)+opaque("old.txt"))))
		r.Data(toClient, wrap(gives(3, u32(13))))
		r.Data(toServer, wrap(read3(4, 0)))
		r.Data(toClient, wrap(gave3(4, "hello ", 0)))
		r.Data(toServer, wrap(read3(5, 6)))
		r.Data(toClient, wrap(gave3(5, "world", 1)))
		r.Data(toServer, wrap(asks(6, 3, v3Access, opaque(file)+u32(1))))
		r.End(dissect.EndFIN)
		const rpc = `"status":"ACCEPTED","auth_type":"UNIX","creds":{"machine_name":"mill7","uid":0,"gid":256000}},"nfs":{"version":3,"procedure":`
		want := []string{
			`{"rpc":{"xid":1,` + rpc + `"LOOKUP","filename":"plan.txt","hhash":"c1421a60","id":1,"file_tx":false,"type":"response","status":"OK"}}`,
			`{}`, // GETATTR
			`{"rpc":{"xid":3,` + rpc + `"RENAME","filename":"plan.txt","hhash":"eca209cd","id":3,"file_tx":false,"type":"response","status":"ERR_ACCES","rename":{"from":"plan.txt","to":"old.txt"}}}`,
			`{"rpc":{"xid":4,` + rpc + `"READ","filename":"plan.txt","hhash":"c1421a60","id":4,"file_tx":true,"type":"response","status":"OK","read":{"first":true,"last":true,"last_xid":5,"chunks":2}}}`,
			`{"rpc":{"xid":6,` + rpc + `"ACCESS","filename":"plan.txt","hhash":"c1421a60","id":5,"file_tx":false,"type":"response","status":"OK"}}`,
		}
		if got := strings.Join(r.Records, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", over, got, strings.Join(want, "\n"))
		}
		if !strings.Contains(r.Text(), `file to_client name="plan.txt" state=CLOSED size=11`) {
			t.Errorf("%s: the file:\n%s", over, r.Text())
		}
	}
}

// TestExact wants what Suricata misreads to be right on request: ids behind a name that is padded, and calls that nobody has answered.
// Fields have the ids as they are.
func TestExact(t *testing.T) {
	r := dissecttest.New(NewSpec(ParseOptions(map[string]string{"exact": "yes"})))
	r.Fields = []string{"rpc.uid", "rpc.gid"}
	r.Data(toServer, record(asks(6, 3, v3Access, opaque(file)+u32(1))))
	got := r.End(dissect.EndFIN)
	const want = `"creds":{"machine_name":"mill7","uid":1000,"gid":100}},"nfs":{"version":3,"procedure":"ACCESS","filename":"","hhash":"c1421a60","id":1,` +
		`"file_tx":false,"type":"request"}}`
	if len(r.Records) != 1 || !strings.HasSuffix(r.Records[0], want) {
		t.Errorf("got %s, want %s", r.Records, want)
	}
	if !strings.Contains(got, "rpc.gid=100 rpc.uid=1000") {
		t.Errorf("got %s", got)
	}
}

// TestLongRecords: content of any size is handed on as it comes, whether or not it comes in order.
func TestLongRecords(t *testing.T) {
	data := strings.Repeat("0123456789abcdef", 16<<10) // 256 KiB
	for _, size := range []int{1460, 1 << 20} {
		r := dissecttest.New(Spec())
		r.Quiet = size == 1
		names(r, record)
		feed := func(dir dissect.Dir, s string) {
			for len(s) > 0 {
				n := min(size, len(s))
				r.Data(dir, s[:n])
				s = s[n:]
			}
		}
		half := len(data) / 2
		feed(toServer, record(write3(2, uint32(half), 0, data[half:])))
		feed(toServer, record(write3(3, 0, 0, data[:half])))
		feed(toServer, record(asks(4, 3, v3Commit, opaque(file)+u32(0, 0, 0))))
		feed(toServer, record(read3(5, 0)))
		feed(toClient, record(gave3(5, data, 1)))
		r.End(dissect.EndFIN)
		if len(r.Files) != 2 && !r.Quiet {
			t.Fatalf("%d: %d files\n%.2000s", size, len(r.Files), r.Text())
		}
		for _, f := range r.Files {
			if f.State != dissect.FileClosed || f.Size != uint64(len(data)) || f.Gaps {
				t.Errorf("%d: %v, %d bytes, gaps: %v", size, f.State, f.Size, f.Gaps)
			}
		}
	}
}

func TestVersion4(t *testing.T) {
	state := strings.Repeat("s", stateID)
	compound := func(xid uint32, ops ...string) string {
		return record(asks(xid, 4, 1, opaque("")+u32(1, uint32(len(ops)))+strings.Join(ops, "")))
	}
	results := func(xid uint32, ops ...string) string {
		return record(gives(xid, u32(0)+opaque("")+u32(uint32(len(ops)))+strings.Join(ops, "")))
	}
	put := u32(opPutFH) + opaque(file)
	r := dissecttest.New(Spec())
	open := u32(opOpen, 1, 2, 0, 0, 7) + opaque("owner") + u32(0, 0) + opaque("plan.txt")
	r.Data(toServer, compound(1, u32(opPutRootFH), open, u32(opGetFH)))
	opened := u32(opOpen, 0) + state + strings.Repeat("c", changeInfo) + u32(0, 0, 0)
	r.Data(toClient, results(1, u32(opPutRootFH, 0), opened, u32(opGetFH, 0)+opaque(file)))
	r.Data(toServer, compound(2, put, u32(opWrite)+state+u32(0, 0, 2)+opaque("hello")))
	r.Data(toClient, results(2, u32(opPutFH, 0), u32(opWrite, 0, 5, 2, 0, 0)))
	r.Data(toServer, compound(3, put, u32(opRead)+state+u32(0, 0, 4096)))
	r.Data(toClient, results(3, u32(opPutFH, 0), u32(opRead, 0, 1)+opaque("hello")))
	r.Data(toServer, compound(4, put, u32(opRemove)+opaque("plan.txt")))
	r.Data(toClient, record(gives(4, u32(2)+opaque("")+u32(2, opPutFH, 0, opRemove, 2))))
	r.End(dissect.EndFIN)
	text := strings.Join(r.Records, "\n")
	for _, want := range []string{
		`"procedure":"READ","filename":"plan.txt","hhash":"c1421a60","id":2,"file_tx":true,"type":"response","status":"OK","read":{"first":true,"last":true,"last_xid":3,"chunks":1}`,
		`"procedure":"REMOVE","filename":"plan.txt","id":3,"file_tx":false,"type":"response","status":"ERR_NOENT"`,
		`"procedure":"WRITE","filename":"plan.txt","hhash":"c1421a60","id":1,"file_tx":true,"type":"response","status":"OK","write":{"first":true,"last":true,"last_xid":2,"chunks":0}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if n := strings.Count(r.Text(), `name="plan.txt" state=CLOSED size=5`); n != 2 || len(r.Records) != 3 {
		t.Errorf("%d files, %d records\n%s", n, len(r.Records), r.Text())
	}
}

// TestGap: a loss within content is a gap of the file, and records are found again.
func TestGap(t *testing.T) {
	r := dissecttest.New(Spec())
	names(r, record)
	long := record(gave3(2, strings.Repeat("x", 100<<10), 1))
	r.Data(toServer, record(read3(2, 0))).Data(toClient, long[:20000]).Gap(toClient, 5000).Data(toClient, long[25000:])
	r.Gap(toServer, -1).Gap(toClient, -1).Data(toServer, "in the middle")
	r.Data(toServer, record(asks(3, 3, v3Lookup, opaque(folder)+opaque("b")))).Data(toClient, record(gives(3, u32(2)+u32(0, 0))))
	r.End(dissect.EndFIN)
	if !strings.Contains(r.Text(), "state=TRUNCATED") || len(r.Records) != 3 || !strings.Contains(r.Records[2], `"filename":"b"`) {
		t.Errorf("records %v\n%s", r.Records, r.Text())
	}
}

func TestHostile(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Data(toServer, record(asks(1, 3, v3Lookup, opaque(folder)+u32(1<<31)))) // a name of 2 GiB
	r.Data(toServer, record(asks(2, 9, 1, "")))
	for i := range uint32(maxCalls + 10) {
		r.Data(toServer, record(read3(10+i, 0)))
	}
	for i := range uint32(maxFiles + 10) {
		r.Data(toServer, record(asks(5000+i, 3, v3Write, opaque(u32(i))+u32(0, 9, 1, 0)+opaque("x"))))
	}
	r.End(dissect.EndFIN)
	text := r.Text()
	for _, a := range []string{"malformed_data", "non_existing_version"} {
		if strings.Count(text, "anomaly nfs."+a) != 1 {
			t.Errorf("not one %s", a)
		}
	}
	if n := strings.Count(text, `Why="limit"`) + strings.Count(text, "state=TRUNCATED"); n < maxFiles {
		t.Errorf("%d files ended", n)
	}
	if r.Capped["calls"] < 10 || r.Capped["files"] < 10 {
		t.Errorf("counted: %v", r.Capped)
	}
}

func TestProbe(t *testing.T) {
	ping := u32(1, 0, 2, program, 3, 0, 0, 0, 0, 0)
	lookup := asks(1, 3, v3Lookup, opaque(folder)+opaque("a"))
	for i, c := range []struct {
		udp  bool
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{true, toServer, lookup, false, dissect.Yes}, {true, toServer, ping, true, dissect.No}, {true, toClient, lookup, false, dissect.Reversed},
		{false, toServer, record(ping), false, dissect.Yes}, {false, toServer, record(lookup)[:20], false, dissect.More}, {false, toServer, lookup, true, dissect.No},
		{false, toClient, record(gives(1, u32(0, 0))), true, dissect.Yes}, {false, toClient, record(gives(1, u32(0, 0))), false, dissect.No},
		{true, toServer, u32(1, 0, 2, 100005, 3, 1, 0, 0, 0, 0, 0, 0), true, dissect.No}, {false, toServer, "GET / HTTP/1.1\r\n\r\n", true, dissect.No},
		{true, toServer, "short", true, dissect.No},
	} {
		probe := probeTCP
		if c.udp {
			probe = probeUDP
		}
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
}

func TestAllocs(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	names(r, record)
	q, a := []byte(record(asks(7, 3, v3Access, opaque(file)+u32(1)))), []byte(record(gives(7, u32(0)+attr3+u32(1))))
	if n := testing.AllocsPerRun(100, func() {
		r.Bytes(toServer, q)
		r.Bytes(toClient, a)
	}); n > 0 {
		t.Errorf("%v allocations for a call", n)
	}
	if names := dissecttest.FieldAllocs(Spec(), &Tx{vers: 3, name: []byte("a"), machine: []byte("b"), flavor: authUnix}); len(names) > 0 {
		t.Errorf("fields allocate: %v", names)
	}
}

func FuzzParser(f *testing.F) {
	f.Add([]byte(record(asks(1, 3, v3Lookup, opaque(folder)+opaque("a")))), []byte(record(gives(1, u32(0)+opaque(file)+attr3))), false)
	f.Add([]byte(record(write3(1, 0, 2, "data"))+record(read3(2, 0))), []byte(record(gave3(2, "data", 1))), false)
	f.Add([]byte(record(asks(1, 4, 1, opaque("")+u32(1, 2, opPutFH)+opaque(file)+u32(opRemove)+opaque("x")))), []byte(record(gives(1, u32(0, 0, 1, opRemove, 0)))), false)
	f.Add([]byte(asks(1, 2, v2Lookup, strings.Repeat("h", v2Handle)+opaque("a"))), []byte(gives(1, u32(2))), true)
	f.Fuzz(func(t *testing.T, client, server []byte, datagrams bool) {
		r := dissecttest.New(Spec())
		r.Ctx.Limits.Frames = true
		if datagrams {
			r.Ctx.Flow.Key.Proto = 17
		}
		r.Bytes(toServer, client)
		r.Bytes(toClient, server)
		r.Gap(toServer, 5)
		r.Data(toServer, record(read3(2, 0))).Gap(toClient, -1).Data(toClient, record(gave3(2, "data", 1)))
		r.Trickle(toServer, string(client[:min(len(client), 300)]))
		r.End(dissect.EndFIN)
		if asked, done := strings.Count(r.Text(), "nfs.request "), strings.Count(r.Text(), "nfs.tx "); asked > done {
			t.Errorf("%d calls, %d transactions", asked, done)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	q, a := []byte(record(read3(1, 0))), []byte(record(gave3(1, strings.Repeat("x", 256<<10), 1)))
	b.SetBytes(int64(len(q) + len(a)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(toServer, q)
		r.Bytes(toClient, a)
	}
}
