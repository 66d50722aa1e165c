package nfs

import (
	"hash/crc32"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Options say what the EVE records of NFS hold.
type Options struct {
	// Exact has the ids read behind the padding of the machine's name (RFC 4506 section 4.10), which Suricata does not skip, and calls that
	// nobody has answered told from answers, which it logs as a response that went well. Fields are exact always.
	Exact bool
}

// ParseOptions reads the settings below outputs.eve-log.types.nfs.
func ParseOptions(settings map[string]string) Options {
	return Options{Exact: dissect.Truth(settings["exact"])}
}

// write is the Spec's EVE function, with the members of Suricata's nfs records. Calls that only ask for attributes, which are most, have none.
func (o Options) write(w *jsonw.Writer, e *dissect.Env) {
	if t, ok := e.Tx.(*Tx); ok && t.vers < 4 && t.proc == v3Getattr {
		return
	}
	o.writeContext(w, e)
}

// writeContext writes the same for alerts and files.
func (o Options) writeContext(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("rpc")
	number(w, "xid", t.xid)
	status := "ACCEPTED"
	if t.rpcStatus != 0 {
		status = "DENIED"
	}
	str(w, "status", status)
	str(w, "auth_type", named(flavors[:], t.flavor))
	if t.flavor == authUnix {
		w.Open("creds")
		w.Key("machine_name")
		w.Bytes(t.machine)
		uid, gid := t.behind[0], t.behind[1]
		if o.Exact {
			uid, gid = t.uid, t.gid
		}
		number(w, "uid", uid)
		number(w, "gid", gid)
		w.End()
	}
	w.End()
	w.Open("nfs")
	o.members(w, t)
	w.End()
}

func number[N uint32 | uint64](w *jsonw.Writer, key string, n N) {
	w.Key(key)
	w.Uint(uint64(n))
}

func str(w *jsonw.Writer, key, s string) {
	w.Key(key)
	w.Str(s)
}

func truth(w *jsonw.Writer, key string, v bool) {
	w.Key(key)
	w.Bool(v)
}

// named gives a name by number, or the number.
func named(list []string, n uint32) string {
	if int64(n) < int64(len(list)) && list[n] != "" {
		return list[n]
	}
	return strconv.FormatUint(uint64(n), 10)
}

// hash is that of a handle, as Suricata and Wireshark show it.
func hash(handle []byte) uint32 { return crc32.ChecksumIEEE(handle) }

func (o Options) members(w *jsonw.Writer, t *Tx) {
	number(w, "version", t.vers)
	name := t.procedure()
	if name == "" {
		name = strconv.FormatUint(uint64(t.proc), 10)
	}
	str(w, "procedure", name)
	w.Key("filename")
	w.Bytes(t.name)
	if len(t.handle) > 0 {
		w.Key("hhash")
		w.Bytes(strconv.AppendUint(nil, uint64(hash(t.handle)), 16))
	}
	number(w, "id", t.id+1)
	truth(w, "file_tx", t.isFile)
	if o.Exact && !t.answered && !t.isFile {
		str(w, "type", "request")
		return
	}
	str(w, "type", "response")
	status := statuses[t.status]
	if status == "" {
		status = strconv.FormatUint(uint64(t.status), 10)
	}
	if !t.sealed {
		str(w, "status", status)
	}
	switch {
	case t.isFile:
		key := "read"
		if t.dir == dissect.ToServer {
			key = "write"
		}
		w.Open(key)
		truth(w, "first", t.first)
		truth(w, "last", t.last)
		number(w, "last_xid", t.lastXID)
		number(w, "chunks", t.chunks)
		w.End()
	case t.is("RENAME"):
		w.Open("rename")
		w.Key("from")
		w.Bytes(t.name)
		w.Key("to")
		w.Bytes(t.to)
		w.End()
	}
}
