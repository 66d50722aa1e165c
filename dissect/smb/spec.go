// Package smb parses the Server Message Block protocol, versions 1 to 3 ([MS-CIFS], [MS-SMB], [MS-SMB2]), over TCP by itself and
// over NetBIOS (RFC 1002), and the calls of DCERPC on its named pipes. A transaction is a command with its answer; reads and writes
// of a file are one transaction together, and so are the pieces of a call.
package smb

import "github.com/luanids/luanids/dissect"

// Spec declares SMB with the default options.
func Spec() *dissect.Spec { return NewSpec(Options{}) }

// NewSpec declares SMB with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name: "smb",
		Doc:  "Server Message Block",
		Ref:  "MS-CIFS, MS-SMB, MS-SMB2, RFC 1002",
		TCP:  &dissect.Detect{Ports: []uint16{445, 139}, Probe: probe, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evRequest:     {Name: request, Doc: "a command of the client, or a call on a pipe with all its fragments", Phase: 1},
			evTree:        {Name: treeEvent, Doc: "the server answered whether the client may use a share; before that if the client goes on without waiting", Phase: 2, Repeats: true},
			evTx:          {Name: txEvent, Doc: "a command was answered, the handle of a file that was read or written was closed, or the connection ended", Dir: dissect.ToClient, Phase: 3, Log: true, Final: true},
			evAuthSuccess: {Name: "smb.auth.success", Doc: "the server accepted a login", Dir: dissect.ToClient, Phase: 4},
			evAuthFailure: {Name: "smb.auth.failure", Doc: "the server refused a login", Dir: dissect.ToClient, Phase: 4},
			evFrame:       dissect.FrameEvent(frameEvent),
		},
		Fields:     append(fields(), dissect.FrameFields(frameEvent, frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		Caps:       caps,
		MaxPending: maxPending,
		Unlimited:  true,
		EVE:        o.write,
		Context:    writeContext,
		Clone:      func(tx any) any { return tx.(*Tx).clone() },
	}
}

// Names of events, as the fields refer to them.
const request, treeEvent, txEvent, frameEvent = "smb.request", "smb.tree_connect", "smb.tx", "smb.frame"

// Events, in the order of the Spec.
const (
	evRequest dissect.Local = iota
	evTree
	evTx
	evAuthSuccess
	evAuthFailure
	evFrame
)

// Frames, in the order of the Spec, by Suricata's names.
const (
	frNBSS = iota
	frNBSSHeader
	frNBSSData
	frSMB1
	frSMB1Header
	frSMB1Data
	frSMB2
	frSMB2Header
	frSMB2Data
	frSMB3
	frSMB3Header
	frSMB3Data
)

var frames = []string{"nbss.pdu", "nbss.hdr", "nbss.data", "smb1.pdu", "smb1.hdr", "smb1.data",
	"smb2.pdu", "smb2.hdr", "smb2.data", "smb3.pdu", "smb3.hdr", "smb3.data"}

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anInternal = iota
	anMalformed
	anOverflow
	anNTLMRequest
	anNTLMResponse
	anDuplicateNegotiate
	anDialects
	anOverlap
	anResponseToServer
	anRequestToClient
	anNegotiateRead
	anNegotiateWrite
	anReadRequest
	anReadResponse
	anReadQueueSize
	anReadQueueCount
	anWriteRequest
	anWriteQueueSize
	anWriteQueueCount
	anNTLMOrder
	anTooMany
)

var anomalies = []string{
	anInternal: "internal_error", anMalformed: "malformed_data", anOverflow: "record_overflow",
	anNTLMRequest: "malformed_ntlmssp_request", anNTLMResponse: "malformed_ntlmssp_response",
	anDuplicateNegotiate: "duplicate_negotiate", anDialects: "negotiate_malformed_dialects", anOverlap: "file_overlap",
	anResponseToServer: "response_to_server", anRequestToClient: "request_to_client",
	anNegotiateRead: "negotiate_max_read_size_too_large", anNegotiateWrite: "negotiate_max_write_size_too_large",
	anReadRequest: "read_request_too_large", anReadResponse: "read_response_too_large",
	anReadQueueSize: "read_queue_size_exceeded", anReadQueueCount: "read_queue_cnt_exceeded",
	anWriteRequest: "write_request_too_large", anWriteQueueSize: "write_queue_size_exceeded",
	anWriteQueueCount: "write_queue_cnt_exceeded", anNTLMOrder: "unusual_ntlmssp_order", anTooMany: "too_many_transactions",
}

// Caps, in the order of the Spec.
const (
	capTx = iota
	capQueued
)

var caps = []dissect.Cap{
	capTx:     {Name: "transactions", Doc: "SMB: transactions that ended before their time because too many waited for an answer (app-layer.protocols.smb.max-tx)"},
	capQueued: {Name: "queued", Doc: "SMB: times that so much content of files came before its turn that what is missing was given up"},
}
