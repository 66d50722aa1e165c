// Package bittorrent parses the messages of BitTorrent's distributed hash table (BEP 5; IPv6: BEP 32), by which peers find each other
// without a tracker. Each message is a transaction of its own.
package bittorrent

import (
	"bytes"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// Spec declares the protocol.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name:      "bittorrent-dht",
		Doc:       "BitTorrent's distributed hash table",
		Ref:       "BEP 5, BEP 32",
		UDP:       &dissect.Detect{Probe: probe, Server: true},
		New:       func() dissect.Parser { return new(parser) },
		Events:    []dissect.Event{evMessage: {Name: message, Doc: "a message of either side", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true}},
		Fields:    fields(),
		Anomalies: anomalies,
		Caps:      caps,
		EVE:       write,
		Record:    "bittorrent_dht",
		Clone:     func(tx any) any { return tx.(*Message).clone() },
	}
}

const (
	message                 = "bittorrent_dht.message"
	evMessage dissect.Local = 0
)

const anMalformed = 0

var anomalies = []string{anMalformed: "malformed_packet"}

// How queries and responses begin; responses may tell the other side its address first (BEP 42).
const (
	queryHead    = "d1:ad2:id20:"
	responseHead = "1:rd2:id20:"
	own4         = "d2:ip6:"
	own6         = "d2:ip18:"
)

// probe takes what begins like a query or a response, in either direction: both ends ask and answer.
func probe(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	if len(b) < len(queryHead) || b[0] != 'd' {
		return dissect.No
	}
	skip := len("d")
	switch head := string(b[:len(queryHead)]); {
	case head == queryHead:
		return dissect.Yes
	case head[:len(own4)] == own4:
		skip = len(own4) + 4 + 2
	case head[:len(own6)] == own6:
		skip = len(own6) + 16 + 2
	}
	if bytes.HasPrefix(b[min(skip, len(b)):], []byte(responseHead)) {
		return dissect.Yes
	}
	return dissect.No
}

type parser struct{ m Message }

// begins are those of messages; other protocols of BitTorrent use the same port.
var begins = [...]string{"d1:ad", "d1:rd", "d1:el", "d2:ip"}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	const n = len("d1:ad")
	if len(data) <= n || !slices.Contains(begins[:], string(data[:n])) {
		return len(data)
	}
	m := &p.m
	m.reset(c.NextTxID())
	if !m.parse(data) {
		c.Failed()
		c.Anomaly(anMalformed, m)
	}
	if m.capped {
		c.Capped(capNodes)
	}
	c.Emit(evMessage, m)
	return len(data)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() { p.m.reset(0) }

// Caps, in the order of the Spec.
const (
	capNodes = iota
)

var caps = []dissect.Cap{
	capNodes: {Name: "nodes", Doc: "BitTorrent DHT: responses of which only the first 256 nodes, or 1024 peers, were looked at"},
}
