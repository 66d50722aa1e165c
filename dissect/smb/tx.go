package smb

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dcerpc"
)

// kind says what a transaction is about.
type kind uint8

const (
	kGeneric kind = iota
	kFile         // reads, or writes, of one handle
	kTree
	kNegotiate
	kRPC
	kCreate
	kSession
	kIoctl
	kRename
	kSetInfo
)

// kindNames are the names by which settings choose the kinds that are logged (outputs.eve-log.types.smb.types).
var kindNames = [...]string{"generic", "file", "tree_connect", "negotiate", "dcerpc", "create", "session_setup", "ioctl", "rename", "set_file_path_info"}

// fuid identifies a handle: the file ID of SMB 2, or the FID and the user of SMB 1.
type fuid [16]byte

// conn is what a connection agreed on.
type conn struct {
	dialect           uint16 // of SMB 2 and 3; 0: of SMB 1, or not known
	dialect1          []byte // of SMB 1
	maxRead, maxWrite uint32
}

func (c *conn) name() []byte {
	switch {
	case c.dialect != 0:
		return dissect.Text(dialectName(c.dialect))
	case len(c.dialect1) > 0:
		return c.dialect1
	}
	return dissect.Text("unknown")
}

// times are those of a file, as EVE records have them: seconds since 1970.
type times struct{ created, accessed, modified, changed uint32 }

// Tx is a command with its answer.
type Tx struct {
	dissect.MatchState
	id      uint64
	kind    kind
	version uint8 // 1, or 2 for 2 and 3
	cmd     uint16
	session uint64
	tree    uint32
	msg     uint64
	conn    *conn

	hasStatus, dosError bool
	class               uint8 // of an error in the older form
	status              uint32
	answered            bool
	sent                bool // evRequest was emitted

	// name is that of a file, of the share of a tree connect, or the old one of a rename. share is the tree that the command is about.
	name, newName, share []byte
	pipe                 bool // the share is for named pipes
	shareType            uint8
	services             [2][]byte // of a tree connect of SMB 1, by direction
	hasService           [2]bool

	fuid     fuid
	fuidLen  int // 16, 2 for SMB 1, 0 for none
	options  createOptions
	times    times
	size     uint64
	function uint32 // of an IOCTL

	subcmd, level uint16 // of kSetInfo

	dialects   [][]byte
	clientGUID [16]byte
	serverGUID [16]byte
	hasClient  bool
	hasServer  bool

	auth auth
	host [2]hostInfo // by direction
	call dcerpc.Call
	file fileState
}

// createOptions are what a client asks for when it opens a file.
type createOptions struct {
	disposition   uint32
	access        uint32
	deleteOnClose bool
	directory     bool
}

// hostInfo is what SMB 1 tells of a host at login.
type hostInfo struct {
	seen   bool
	os, lm []byte
}

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

// ByteOrder implements dissect.ByteOrdered.
func (t *Tx) ByteOrder() (little, known bool) { return t.call.Little, t.kind == kRPC }

func (t *Tx) reset(id uint64, k kind, c *conn) {
	t.MatchState.Reset()
	t.call.Reset()
	t.file.reset()
	*t = Tx{MatchState: t.MatchState, id: id, kind: k, conn: c, call: t.call, file: t.file,
		name: t.name[:0], newName: t.newName[:0], share: t.share[:0]}
}

func (t *Tx) setStatus(h *header) {
	t.hasStatus = true
	if t.dosError = h.dosError; h.dosError {
		t.class, t.status = uint8(h.status), h.status>>16
		return
	}
	t.status = h.status
}

// clone makes a deep copy, without content of files.
func (t *Tx) clone() *Tx {
	n := *t
	n.MatchState = dissect.MatchState{}
	n.name, n.newName, n.share = bytes.Clone(t.name), bytes.Clone(t.newName), bytes.Clone(t.share)
	n.call, n.file = t.call.Clone(), fileState{}
	if t.conn != nil {
		c := *t.conn
		c.dialect1 = bytes.Clone(c.dialect1)
		n.conn = &c
	}
	return &n
}

// header is what the headers of both versions have in common.
type header struct {
	version  uint8
	cmd      uint16
	response bool
	status   uint32
	dosError bool
	session  uint64
	tree     uint32
	msg      uint64
	related  bool // SMB 2: about the handle of the command before it
	unicode  bool // SMB 1: texts are in UTF-16
	next     int  // SMB 2: where the next command begins; 0: this is the last
}
