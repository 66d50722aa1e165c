// Package enip parses EtherNet/IP, the encapsulation of the Common Industrial Protocol (CIP) over TCP and UDP: sessions, identities and
// services of devices, requests to their objects with the responses, and datagrams of implicit connections.
package enip

import (
	"slices"

	"github.com/luanids/luanids/dissect"
)

// Spec declares EtherNet/IP.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "enip",
		Doc:  "EtherNet/IP with the Common Industrial Protocol",
		Ref:  "ODVA, The CIP Networks Library, volumes 1 and 2",
		TCP:  &dissect.Detect{Ports: []uint16{port}, Probe: probeTCP, Server: true},
		UDP:  &dissect.Detect{Ports: []uint16{port}, Probe: probeUDP, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evMessage: {Name: onMessage, Doc: "a message of either side; a response belongs to the transaction of its request", Any: true, Phase: 1},
			evTx:      {Name: onTx, Doc: "a request was answered, or will not be", Any: true, Phase: 2, Log: true, Final: true},
			evFrame:   dissect.FrameEvent(onFrame),
		},
		Fields:     slices.Concat(fields(), dissect.FrameFields(onFrame, frames)),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		Caps:       caps,
		EVE:        write,
		Unlimited:  true, // sessions are kept for as long as the plant runs
		Clone:      func(tx any) any { return tx.(*Tx).clone() },
	}
}

// port is that of explicit messages.
const port = 44818

// Names of events, as the fields refer to them.
const onMessage, onTx, onFrame = "enip.message", "enip.tx", "enip.frame"

// Events, in the order of the Spec.
const (
	evMessage dissect.Local = iota
	evTx
	evFrame
)

// Frames, in the order of the Spec, by Suricata's names.
const (
	frHeader = iota
	frData
	frPDU
	frCIP
	frItem
)

var frames = []string{frHeader: "hdr", frData: "data", frPDU: "pdu", frCIP: "cip", frItem: "enip.item"}

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anTooMany = iota
	anInvalid
)

var anomalies = []string{anTooMany: "too_many_transactions", anInvalid: "invalid_pdu"}

// plausible tells whether b begins with a header that may be one: of a known command with a known status.
func plausible(b []byte) bool {
	if len(b) < headerLen || !known(le16(b)) {
		return false
	}
	h := readHeader(b)
	if statuses[h.status] == "" {
		return false
	}
	switch h.command {
	case cmdNop:
		return h.options == 0
	case cmdRegisterSession:
		return h.length == 4
	case cmdUnregister:
		return h.length == 4 || h.length == 0
	case cmdListInterfaces:
		return h.length == 0 || len(b) >= headerLen+2 && int(le16(b[headerLen:]))*2 <= int(h.length)
	}
	return true
}

func known(command uint16) bool {
	return command <= cmdCancel && commands[uint32(command)] != ""
}

// certain tells whether a header that is plausible is one on any port: what does not vary is as it has to be.
func certain(b []byte, h *header) bool {
	body := b[headerLen:]
	switch {
	case h.options != 0:
	case h.command == cmdRegisterSession && len(body) >= 4:
		return le32(body) == 1 // version 1, no options
	case h.command == cmdListIdentity && h.length == 0:
		return h.session == 0 && h.status == 0 && len(body) == 0
	case h.command == cmdListIdentity && len(body) >= 4:
		return h.status == 0 && le16(body) == 1 && le16(body[2:]) == itemIdentity
	case (h.command == cmdSendRRData || h.command == cmdSendUnitData) && len(body) >= 12:
		address := le16(body[8:])
		return h.session != 0 && h.status == 0 && le32(body) == 0 && le16(body[6:]) == 2 && (address == 0 || address == 0xa1)
	}
	return false
}

// verdict judges the first bytes of a direction, or a whole datagram.
func verdict(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	if !plausible(b) {
		return dissect.No
	}
	h := readHeader(b)
	if !hint && !certain(b, &h) {
		return dissect.No
	}
	if sender, known := sender(b, &h); known && sender != dir {
		return dissect.Reversed
	}
	return dissect.Yes
}

func probeTCP(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	if len(b) >= headerLen {
		return verdict(dir, b, hint)
	}
	if len(b) >= 2 && (!known(le16(b)) || !hint && b[0] == cmdNop) {
		return dissect.No
	}
	return dissect.More
}

func probeUDP(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	if len(b) < headerLen || !hint && length(b) != len(b) {
		return dissect.No
	}
	return verdict(dir, b, hint)
}

// sender tells by a message in which direction it goes.
func sender(b []byte, h *header) (dir dissect.Dir, known bool) {
	switch h.command {
	case cmdListIdentity, cmdListServices, cmdListInterfaces:
		return dissect.Dir(b2i(h.length > 0 || h.status != 0)), true
	case cmdRegisterSession:
		return dissect.Dir(b2i(h.session != 0 || h.status != 0)), true
	case cmdUnregister:
		return dissect.ToServer, true
	case cmdSendRRData, cmdSendUnitData:
		if h.status != 0 {
			return dissect.ToClient, true
		}
		var p pdu
		p.read(b[:min(len(b), length(b))], false)
		if len(p.messages) > 0 {
			return dissect.Dir(b2i(p.messages[0].response)), true
		}
	}
	return 0, false
}

// Caps, in the order of the Spec.
const (
	capTx = iota
	capContent
)

var caps = []dissect.Cap{
	capTx:      {Name: "transactions", Doc: "EtherNet/IP: times that all transactions ended because too many waited for a response (app-layer.protocols.enip.max-tx), or what is kept of them took too much"},
	capContent: {Name: "content", Doc: "EtherNet/IP: messages of which not all CIP messages, segments, attributes or names were looked at"},
}
