// Package http2 dissects HTTP/2 (RFC 9113, HPACK: RFC 7541), by prior knowledge and after an upgrade from HTTP/1.1, and DNS over
// it (RFC 8484). Its transactions are those of package http, with the same events and fields.
package http2

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dns"
	"github.com/luanids/luanids/dissect/http"
)

// Anomalies, in the order of the Spec; the names are Suricata's.
const (
	anFrameHeader = iota
	anClientMagic
	anFrameData
	anHeader
	anFrameLength
	anExtraHeaderData
	anLongFrame
	anStreamReuse
	anHTTP1Settings
	anDecompression
	anRange
	anIntegerOverflow
	anTooManyStreams
	anAuthorityMismatch
	anUserinfo
	anReassemblyLimit
	anDNSRequestLong
	anDNSResponseLong
	anDataStreamZero
	anTooManyFrames
	anomalyCount
)

var anomalies = []string{
	anFrameHeader:       "invalid_frame_header",
	anClientMagic:       "invalid_client_magic",
	anFrameData:         "invalid_frame_data",
	anHeader:            "invalid_header",
	anFrameLength:       "invalid_frame_length",
	anExtraHeaderData:   "extra_header_data",
	anLongFrame:         "long_frame_data",
	anStreamReuse:       "stream_id_reuse",
	anHTTP1Settings:     "invalid_http1_settings",
	anDecompression:     "failed_decompression",
	anRange:             "invalid_range",
	anIntegerOverflow:   "header_integer_overflow",
	anTooManyStreams:    "too_many_streams",
	anAuthorityMismatch: "authority_host_mismatch",
	anUserinfo:          "userinfo_in_uri",
	anReassemblyLimit:   "reassembly_limit_reached",
	anDNSRequestLong:    "dns_request_too_long",
	anDNSResponseLong:   "dns_response_too_long",
	anDataStreamZero:    "data_stream_zero",
	anTooManyFrames:     "too_many_frames",
}

// A connection remembers in one word which anomalies were raised: the count must fit.
var _ [32 - anomalyCount]struct{}

// maxPending holds the longest frame that is looked at as a whole, with its header.
const maxPending = 2 * maxFrame

// specs are the protocols that a parser speaks: HTTP/2 itself, HTTP/2 that carries DNS, and DNS.
type specs struct{ http2, doh2, dns *dissect.Spec }

// Specs declares HTTP/2, and HTTP/2 that carries DNS (doh2). Their events are those of the given declaration of HTTP; DNS
// messages have the events of the given declaration of DNS, which is told what carries them.
func Specs(h, names *dissect.Spec) (http2, doh2 *dissect.Spec) {
	all := &specs{dns: names}
	names.Carriers = append(names.Carriers, h)
	common := dissect.Spec{
		Ref:        "RFC 9113, RFC 7541",
		New:        func() dissect.Parser { return newParser(all) },
		Through:    h,
		Anomalies:  anomalies,
		Caps:       caps,
		MaxPending: maxPending,
		Frames:     http.FrameKinds,
		FrameEvent: http.FrameEvent,
		Clone:      func(tx any) any { return clone(tx, h, names) },
		LogAs:      "http2",
	}
	two, doh := common, common
	two.Name, two.Doc, two.Record = "http2", "Hypertext Transfer Protocol, version 2", "http"
	two.TCP = &dissect.Detect{Probe: probe, Server: true}
	two.EVE = writeHTTP
	doh.Name, doh.Doc, doh.Ref = "doh2", "DNS over HTTP/2", "RFC 8484"
	doh.Record, doh.LogAs = "dns", "doh2"
	doh.EVE, doh.Context = all.writeDoH, all.context
	all.http2, all.doh2 = &two, &doh
	return &two, &doh
}

// clone copies a message of a connection: a transaction, or the DNS message that one carries.
func clone(tx any, h, names *dissect.Spec) any {
	if m, ok := tx.(*dns.Message); ok {
		return names.Clone(m)
	}
	c := h.Clone(tx)
	if t, ok := tx.(*http.Tx); ok && t.HTTP2 != nil {
		if m, carries := t.HTTP2.Carried.(*dns.Message); carries {
			c.(*http.Tx).HTTP2.Carried = names.Clone(m)
		}
	}
	return c
}

// Caps, in the order of the Spec.
const (
	capStreams = iota
	capBlock
	capFields
	capExpanded
)

var caps = []dissect.Cap{
	capStreams:  {Name: "streams", Doc: "HTTP/2: streams that ended before their time because there were too many (app-layer.protocols.http2.max-streams), or they took too much"},
	capBlock:    {Name: "header_block", Doc: "HTTP/2: header blocks of which only the beginning was read (app-layer.protocols.http2.max-reassembly-size)"},
	capFields:   {Name: "fields", Doc: "HTTP/2: header fields that were left out because a message has too many, or they are too long together"},
	capExpanded: {Name: "expanded", Doc: "HTTP/2: long header fields that were left out because header blocks of a connection unpack to too much"},
}
