package nfs

import "github.com/luanids/luanids/dissect"

// present makes an empty text an absent one.
func present(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func fields() []dissect.Field {
	str, num := dissect.Str[Tx], dissect.Int[Tx]
	unix := func(get func(t *Tx) uint32) func(t *Tx) (int64, bool) {
		return func(t *Tx) (int64, bool) { return int64(get(t)), t.flavor == authUnix }
	}
	return []dissect.Field{
		num("nfs.version", request, "version, 2 to 4", func(t *Tx) (int64, bool) { return int64(t.vers), true }),
		dissect.Ints("nfs.procedure", request, "number of the procedure (RFC 1094 section 2.2, RFC 1813 section 3), of version 4 of the operation; of writes also that of COMMIT", func(t *Tx, i int) (int64, bool) {
			switch {
			case i == 0:
				return int64(t.proc), true
			case i == 1 && t.committed && t.vers == 3:
				return v3Commit, true
			}
			return 0, false
		}),
		str("nfs.procedure.name", request, "the same by name: LOOKUP, READ", func(t *Tx) []byte { return dissect.Text(t.procedure()) }),
		str("nfs.filename", request, "name of the file, as far as it was seen", func(t *Tx) []byte { return present(t.name) }),
		str("nfs.rename_to", request, "new name of a RENAME", func(t *Tx) []byte { return present(t.to) }),
		dissect.Bin("nfs.handle", request, "handle of the file or folder", func(t *Tx) []byte { return present(t.handle) }),
		dissect.Bool("nfs.file_tx", request, "is all reads, or all writes, of a file", func(t *Tx) bool { return t.isFile }),
		num("nfs.status", txEvent, "result, 0: well done (RFC 1813 section 2.6)", func(t *Tx) (int64, bool) { return int64(t.status), t.answered && !t.sealed }),
		num("rpc.xid", request, "number of the call", func(t *Tx) (int64, bool) { return int64(t.xid), true }).Bits(32),
		num("rpc.auth_type", request, "kind of authentication: 0 none, 1 Unix, 6 RPCSEC_GSS (RFC 5531 section 8.2)", func(t *Tx) (int64, bool) { return int64(t.flavor), true }).Bits(32),
		str("rpc.machine_name", request, "name of the client's computer", func(t *Tx) []byte { return present(t.machine) }),
		num("rpc.uid", request, "user id that the client says it has", unix(func(t *Tx) uint32 { return t.uid })).Bits(32),
		num("rpc.gid", request, "group id that the client says it has", unix(func(t *Tx) uint32 { return t.gid })).Bits(32),
	}
}
