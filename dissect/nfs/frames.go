package nfs

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Frames, in the order of the Spec, by Suricata's names: the message of RPC with its record mark, of replies also its head and the rest,
// of calls the credentials; then what NFS makes of it, with the status that results begin with, and for version 4 the tag's length
// and the operations.
const (
	frRPC = iota
	frRPCHeader
	frRPCData
	frCredentials
	frNFS
	frStatus
	frNFS4
	frNFS4Header
	frNFS4Ops
	frNFS4Status
)

var frames = []string{"rpc.pdu", "rpc.hdr", "rpc.data", "rpc.creds", "nfs.pdu", "nfs.status", "nfs4.pdu", "nfs4.hdr", "nfs4.ops", "nfs4.status"}

const (
	// headLen are the words of a message that calls and replies share: xid and type. callLen are those before the credentials.
	headLen, callLen = 8, 24
	// head4Len is how much of what NFS 4 sends is its header for Suricata.
	head4Len, statusLen = 8, 4
	maxCredentials      = 8 + 400
)

// show gives out a frame of n bytes, of which b is the beginning.
func show(c *dissect.Ctx, kind int, b []byte, n int) {
	c.Frame(kind, b[:min(len(b), n, dissect.MaxFrame)], int64(n), nil)
}

// showRPC gives out the frames of a message of n bytes, of which b is the beginning, behind a mark of so many bytes.
func showRPC(c *dissect.Ctx, dir dissect.Dir, b []byte, n, mark int) {
	if !c.WantsFrames() {
		return
	}
	show(c, frRPC, b, n)
	if dir == dissect.ToServer {
		if at := mark + callLen; len(b) >= at+8 {
			if k := 8 + uint64(binary.BigEndian.Uint32(b[at+4:])); k <= maxCredentials && at+int(k) <= n {
				show(c, frCredentials, b[at:], int(k))
			}
		}
		return
	}
	if at := mark + headLen; len(b) > at {
		show(c, frRPCHeader, b, at)
		show(c, frRPCData, b[at:], n-at)
	}
}

// showNFS gives out the frames of arguments or results, of n bytes, of which b is the beginning.
func showNFS(c *dissect.Ctx, dir dissect.Dir, vers uint32, b []byte, n int) {
	if len(b) == 0 || !c.WantsFrames() {
		return
	}
	whole, status := frNFS, frStatus
	if vers == 4 {
		whole, status = frNFS4, frNFS4Status
	}
	show(c, whole, b, n)
	if dir == dissect.ToClient && n >= statusLen {
		show(c, status, b, statusLen)
	}
	if vers == 4 && len(b) > head4Len {
		show(c, frNFS4Header, b, head4Len)
		show(c, frNFS4Ops, b[head4Len:], n-head4Len)
	}
}
