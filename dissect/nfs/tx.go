package nfs

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// Tx is a transaction.
type Tx struct {
	dissect.MatchState
	id        uint64
	xid       uint32
	vers      uint32
	proc      uint32
	name      []byte
	handle    []byte
	to        []byte // of a RENAME
	flavor    uint32
	machine   []byte
	uid, gid  uint32
	behind    [2]uint32
	answered  bool
	rpcStatus uint32
	status    uint32
	sealed    bool // arguments and results are encrypted: name and status are not known

	isFile      bool // all reads, or writes, of a file
	dir         dissect.Dir
	f           *dissect.File
	open        bool // the file is
	first, last bool
	committed   bool
	chunks      uint64
	lastXID     uint32
	next        uint64         // offset up to which the content was handed on
	queue       dissect.Pieces // content that came before its turn
}

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

func (t *Tx) reset(id uint64) {
	t.MatchState.Reset()
	*t = Tx{MatchState: t.MatchState, id: id, name: t.name[:0], handle: t.handle[:0], to: t.to[:0], machine: t.machine[:0], f: t.f, queue: t.queue[:0]}
}

func (t *Tx) clone() *Tx {
	n := *t
	n.MatchState = dissect.MatchState{}
	n.name, n.handle, n.to, n.machine = bytes.Clone(t.name), bytes.Clone(t.handle), bytes.Clone(t.to), bytes.Clone(t.machine)
	n.f, n.queue = nil, nil
	return &n
}

// by notes who calls.
func (t *Tx) by(h *header) {
	t.xid, t.vers, t.proc, t.flavor = h.xid, h.vers, h.proc, h.flavor
	t.machine, t.uid, t.gid = append(t.machine[:0], h.machine...), h.uid, h.gid
	t.behind = h.behind
}

// Procedures of version 3 (RFC 1813 section 3).
const (
	v3Getattr     = 1
	v3Lookup      = 3
	v3Access      = 4
	v3Read        = 6
	v3Write       = 7
	v3Create      = 8
	v3Mkdir       = 9
	v3Remove      = 12
	v3Rmdir       = 13
	v3Rename      = 14
	v3ReaddirPlus = 17
	v3Commit      = 21
)

// Procedures of version 2 (RFC 1094 section 2.2).
const (
	v2Getattr = 1
	v2Lookup  = 4
	v2Read    = 6
	v2Create  = 9
	v2Remove  = 10
	v2Rename  = 11
	v2Mkdir   = 14
	v2Rmdir   = 15
)

var (
	v2Names = [...]string{"NULL", "GETATTR", "SETATTR", "ROOT", "LOOKUP", "READLINK", "READ", "WRITECACHE", "WRITE", "CREATE", "REMOVE", "RENAME",
		"LINK", "SYMLINK", "MKDIR", "RMDIR", "READDIR", "STATFS"}
	v3Names = [...]string{"NULL", "GETATTR", "SETATTR", "LOOKUP", "ACCESS", "READLINK", "READ", "WRITE", "CREATE", "MKDIR", "SYMLINK", "MKNOD", "REMOVE",
		"RMDIR", "RENAME", "LINK", "READDIR", "READDIRPLUS", "FSSTAT", "FSINFO", "PATHCONF", "COMMIT"}
	// v4Names are names of operations (RFC 7530 section 16, RFC 8881 section 18), of 0 and 1 of procedures.
	v4Names = [...]string{"NULL", "COMPOUND", "", "ACCESS", "CLOSE", "COMMIT", "CREATE", "DELEGPURGE", "DELEGRETURN", "GETATTR", "GETFH", "LINK", "LOCK",
		"LOCKT", "LOCKU", "LOOKUP", "LOOKUPP", "NVERIFY", "OPEN", "OPENATTR", "OPEN_CONFIRM", "OPEN_DOWNGRADE", "PUTFH", "PUTPUBFH", "PUTROOTFH", "READ",
		"READDIR", "READLINK", "REMOVE", "RENAME", "RENEW", "RESTOREFH", "SAVEFH", "SECINFO", "SETATTR", "SETCLIENTID", "SETCLIENTID_CONFIRM", "VERIFY",
		"WRITE", "RELEASE_LOCKOWNER"}
)

// procedure names what a transaction is; "" for what has no name.
func (t *Tx) procedure() string {
	list := v3Names[:]
	switch t.vers {
	case 2:
		list = v2Names[:]
	case 4:
		list = v4Names[:]
	}
	if int64(t.proc) < int64(len(list)) {
		return list[t.proc]
	}
	return ""
}

// is tells whether the procedure, or operation, has this name.
func (t *Tx) is(name string) bool { return t.procedure() == name }

// statuses are the results of versions 2 and 3 by number (RFC 1813 section 2.6); those of version 4 go on.
var statuses = map[uint32]string{0: "OK", 1: "ERR_PERM", 2: "ERR_NOENT", 5: "ERR_IO", 6: "ERR_NXIO", 13: "ERR_ACCES", 17: "ERR_EXIST", 18: "ERR_XDEV",
	19: "ERR_NODEV", 20: "ERR_NOTDIR", 21: "ERR_ISDIR", 22: "ERR_INVAL", 27: "ERR_FBIG", 28: "ERR_NOSPC", 30: "ERR_ROFS", 31: "ERR_MLINK",
	63: "ERR_NAMETOOLONG", 66: "ERR_NOTEMPTY", 69: "ERR_DQUOT", 70: "ERR_STALE", 71: "ERR_REMOTE", 10001: "ERR_BADHANDLE", 10002: "ERR_NOT_SYNC",
	10003: "ERR_BAD_COOKIE", 10004: "ERR_NOTSUPP", 10005: "ERR_TOOSMALL", 10006: "ERR_SERVERFAULT", 10007: "ERR_BADTYPE", 10008: "ERR_JUKEBOX"}
