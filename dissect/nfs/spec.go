// Package nfs parses the Network File System, versions 2 (RFC 1094), 3 (RFC 1813) and 4 (RFC 7530, RFC 8881), over ONC RPC (RFC 5531). A
// transaction is a call with its reply, or all reads or all writes of a file: its content is a file. Of version 4, where a call has many
// operations, only those that create and remove, and files, are transactions.
package nfs

import "github.com/luanids/luanids/dissect"

// Spec declares NFS, with Suricata's records.
func Spec() *dissect.Spec { return NewSpec(Options{}) }

// NewSpec declares NFS with other records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name: "nfs",
		Doc:  "Network File System",
		Ref:  "RFC 1094, RFC 1813, RFC 7530, RFC 8881",
		TCP:  &dissect.Detect{Ports: []uint16{2049}, Probe: probeTCP},
		UDP:  &dissect.Detect{Ports: []uint16{2049}, Probe: probeUDP},
		New:  func() dissect.Parser { return newParser() },
		Events: []dissect.Event{
			evRequest: {Name: request, Doc: "a call of the client", Dir: dissect.ToServer, Phase: 1},
			evTx:      {Name: txEvent, Doc: "the reply came, or a file was transferred, or the connection ended", Any: true, Phase: 2, Log: true, LogByDir: true, Final: true},
			evFrame:   dissect.FrameEvent(onFrame),
		},
		Fields:     append(fields(), dissect.FrameFields(onFrame, frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  []string{anMalformed: "malformed_data", anVersion: "non_existing_version"},
		Caps:       caps,
		EVE:        o.write,
		Context:    o.writeContext,
		Unlimited:  true,
		Clone:      func(tx any) any { return tx.(*Tx).clone() },
	}
}

// Names of events, as the fields refer to them.
const request, txEvent, onFrame = "nfs.request", "nfs.tx", "nfs.frame"

// Events, in the order of the Spec.
const (
	evRequest dissect.Local = iota
	evTx
	evFrame
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anMalformed = iota
	anVersion
)

// Caps, in the order of the Spec.
const (
	capCalls = iota
	capFiles
	capNames
	capQueued
)

var caps = []dissect.Cap{
	capCalls:  {Name: "calls", Doc: "NFS: calls that were given up because too many waited for a reply"},
	capFiles:  {Name: "files", Doc: "NFS: files that ended before their time because too many were followed"},
	capNames:  {Name: "names", Doc: "NFS: times that the names of all handles were forgotten because there were too many"},
	capQueued: {Name: "queued", Doc: "NFS: times that so much content of files came before its turn that what is missing was given up"},
}
