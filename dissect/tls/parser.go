package tls

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Events, in the order of the Spec.
const (
	evHello dissect.Local = iota
	evClientHello
	evServerHello
	evCertificate
	evHandshake
	evEstablished
	evFrame
	evStep
)

// Anomalies, in the order of the Spec.
const (
	anSSL2Header = iota
	anHeader
	anRecordVersion
	anRecordType
	anRecordLength
	anHandshake
	anHeartbeat
	anHeartbeatBad
	anHeartbeatOverflow
	anHeartbeatLeak
	anHandshakeLength
	anSNITwice
	anSNIType
	anSNILength
	anTooManyRecords
	anAlert
	anCert
	anCertLength
	anCertVersion
	anCertSerial
	anCertAlgorithm
	anCertName
	anCertDate
	anCertExtensions
	anCertDER
	anCertSubject
	anCertIssuer
	anCertValidity
	anError
	anTooManySANs
	anRecord
)

var anomalies = []string{
	anSSL2Header:        "invalid_sslv2_header",
	anHeader:            "invalid_tls_header",
	anRecordVersion:     "invalid_record_version",
	anRecordType:        "invalid_record_type",
	anRecordLength:      "invalid_record_length",
	anHandshake:         "invalid_handshake_message",
	anHeartbeat:         "heartbeat_message",
	anHeartbeatBad:      "invalid_heartbeat_message",
	anHeartbeatOverflow: "overflow_heartbeat_message",
	anHeartbeatLeak:     "dataleak_heartbeat_mismatch",
	anHandshakeLength:   "handshake_invalid_length",
	anSNITwice:          "multiple_sni_extensions",
	anSNIType:           "invalid_sni_type",
	anSNILength:         "invalid_sni_length",
	anTooManyRecords:    "too_many_records_in_packet",
	anAlert:             "invalid_alert_message",
	anCert:              "invalid_certificate",
	anCertLength:        "certificate_invalid_length",
	anCertVersion:       "certificate_invalid_version",
	anCertSerial:        "certificate_invalid_serial",
	anCertAlgorithm:     "certificate_invalid_algorithmidentifier",
	anCertName:          "certificate_invalid_x509name",
	anCertDate:          "certificate_invalid_date",
	anCertExtensions:    "certificate_invalid_extensions",
	anCertDER:           "certificate_invalid_der",
	anCertSubject:       "certificate_invalid_subject",
	anCertIssuer:        "certificate_invalid_issuer",
	anCertValidity:      "certificate_invalid_validity",
	anError:             "error_message_encountered",
	anTooManySANs:       "too_many_subject_alternative_names",
	anRecord:            "invalid_ssl_record",
}

// Record content types (RFC 8446 section 5.1, RFC 6520).
const (
	recChangeCipher = 20
	recAlert        = 21
	recHandshake    = 22
	recApplication  = 23
	recHeartbeat    = 24
)

const (
	headerLen = 5
	// minRecord is the length of the shortest records that make sense: of more in one piece of an SSLv2 stream nothing is looked at any more.
	minRecord = 6
	// maxRecord is the longest record, as in Suricata: what TLS 1.2 allows for compressed content (RFC 5246 section 6.2.2). With encryption it
	// may take 1024 bytes more (section 6.2.3), which nobody needs without compression.
	maxRecord = 1<<14 + 1024
	// maxHandshake is the longest handshake message that is put together; longer ones are
	// passed over. Chains of certificates take a few kB.
	maxHandshake = 128 << 10
	// maxPending holds a whole record.
	maxPending = 32 << 10
)

// side is the state of one direction.
type side struct {
	skip    dissect.Skip // a record that nobody looks at
	hsSkip  int          // bytes of a handshake message that nobody looks at
	hs      *buffer      // beginning of a handshake message, nil for none
	started bool         // a record was seen
	lost    bool         // record boundaries are unknown since a gap
	dead    bool         // not TLS any more: nothing is looked at
	v2      bool         // speaks SSLv2
	app     bool         // application data was seen
	empty   bool         // an empty record was reported
	tiny    bool         // a piece of a handshake message's header was
	version uint16       // of the last record
}

type parser struct {
	conn        Conn
	side        [2]side
	ends        dissect.Ends
	heart       heart
	shook       bool // evHandshake was emitted
	established bool
	scratch     []byte
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	s := &p.side[dir]
	if s.lost && !s.dead {
		if len(data) < headerLen {
			c.Need(headerLen)
			return 0
		}
		if !recordLike(data) {
			return len(data)
		}
		s.lost, s.started = false, true
	}
	for pos, records := 0, 0; ; records++ {
		if s.dead {
			return len(data)
		}
		if s.v2 && records > max(len(data)/minRecord, 1) && pos < len(data) {
			c.Anomaly(anTooManyRecords, &p.conn)
			s.dead = true
			return len(data)
		}
		if pos += s.skip.Pass(len(data) - pos); pos == len(data) {
			return pos
		}
		used, need := p.record(c, dir, s, data[pos:])
		if used == 0 && !s.dead {
			c.Need(need)
			return pos
		}
		pos += used
	}
}

// record takes the record at the start of data; used 0 means that need bytes must be there.
func (p *parser) record(c *dissect.Ctx, dir dissect.Dir, s *side, data []byte) (used, need int) {
	if s.v2 || !s.started && data[0]&0x80 != 0 {
		return p.record2(c, dir, s, data)
	}
	if len(data) < headerLen {
		return 0, headerLen
	}
	kind, version := data[0], binary.BigEndian.Uint16(data[1:])
	n := int(binary.BigEndian.Uint16(data[3:]))
	if !s.started && kind&0x40 != 0 { // an SSLv2 record with padding, or no TLS at all: Suricata says nothing of either
		s.dead = true
		return 0, 0
	}
	if an := p.checkHeader(kind, version, n); an >= 0 {
		c.Anomaly(an, &p.conn)
		if an == anRecordType && p.lenient(dir, s) {
			s.skip = dissect.Skip(n)
			return headerLen, 0
		}
		c.Failed()
		s.dead = true
		return 0, 0
	}
	s.started, s.version = true, version
	if dir == dissect.ToClient && !p.conn.Server.Seen {
		p.conn.serverRecord = version
	}
	if c.WantsFrames() && (len(data) >= headerLen+n || p.passesOver(kind, dir)) {
		p.frames(c, kind, data[:min(len(data), headerLen+n)], n)
	}
	if n == 0 {
		// Forbidden but for application data (RFC 8446 section 5.1), but OpenSSL passes over them: so must we.
		if !s.empty {
			s.empty = true
			c.Anomaly(anRecordLength, &p.conn)
		}
		if kind != recApplication {
			return headerLen, 0
		}
	}
	if kind == recApplication {
		s.skip = dissect.Skip(n)
		p.application(c, dir)
		return headerLen, 0
	}
	if p.passesOver(kind, dir) {
		s.skip = dissect.Skip(n) // encrypted
		return headerLen, 0
	}
	if len(data) < headerLen+n {
		return 0, headerLen + n
	}
	body := data[headerLen : headerLen+n]
	switch kind {
	case recChangeCipher:
		p.changeCipher(c, dir)
	case recAlert:
		p.alert(c, body)
	case recHandshake:
		p.handshake(c, dir, s, body)
	case recHeartbeat:
		p.heartbeat(c, dir, body)
	}
	return headerLen + n, 0
}

// lenient tells whether records of unknown types are passed over, as Suricata and Wireshark do in TLS 1.0 and 1.1.
func (p *parser) lenient(dir dissect.Dir, s *side) bool {
	version := s.version
	switch {
	case dir == dissect.ToServer && p.conn.Client.Seen:
		version = p.conn.Client.Legacy
	case dir == dissect.ToClient && p.conn.Server.Seen:
		version = p.conn.Server.Version
	}
	return version == VersionTLS10 || version == VersionTLS11
}

// checkHeader gives the anomaly of a record header, or -1.
func (p *parser) checkHeader(kind byte, version uint16, n int) int {
	switch {
	case kind < recChangeCipher || kind > recHeartbeat:
		return anRecordType
	case !recordVersion(version):
		return anRecordVersion
	case n > maxRecord:
		return anRecordLength
	}
	return -1
}

// recordVersion tells the versions that record headers carry; drafts of TLS 1.3 had their own.
func recordVersion(v uint16) bool { return v>>8 == 3 && v <= VersionTLS13 || v>>8 == 0x7f }

// recordLike tells whether a record can begin with b.
func recordLike(b []byte) bool {
	n := int(binary.BigEndian.Uint16(b[3:]))
	return b[0] >= recChangeCipher && b[0] <= recHeartbeat &&
		recordVersion(binary.BigEndian.Uint16(b[1:])) && n <= maxRecord
}

func (p *parser) changeCipher(c *dissect.Ctx, dir dissect.Dir) {
	p.conn.ccs[dir] = true
	if !p.conn.modern() && dir == dissect.ToClient && p.conn.Server.Seen ||
		dir == dissect.ToServer && p.serverReady() {
		p.done(c)
	}
	p.checkEstablished(c)
}

// application notes application data: with it the handshake is over, unless it is early data
// of TLS 1.3 (RFC 8446 section 2.3).
func (p *parser) application(c *dissect.Ctx, dir dissect.Dir) {
	s := &p.side[dir]
	if s.app || p.conn.Client.EarlyData && !p.conn.Server.Seen {
		return
	}
	s.app = true
	if c.Flow != nil {
		c.Flow.Encrypted = true // of both sides: who has the keys to send has those to receive
	}
	if p.serverReady() && (dir == dissect.ToServer || p.conn.ccs[dissect.ToServer] || p.side[dissect.ToServer].app) {
		p.done(c)
	}
	p.checkEstablished(c)
}

// serverReady tells whether the server is through with its part of the handshake, as far as
// can be seen.
func (p *parser) serverReady() bool {
	if !p.conn.Server.Seen {
		return false
	}
	if p.conn.modern() {
		return p.side[dissect.ToClient].app
	}
	return true
}

func (p *parser) checkEstablished(c *dissect.Ctx) {
	on := func(d dissect.Dir) bool { return p.side[d].app || p.conn.ccs[d] && !p.conn.modern() }
	if !p.established && p.conn.Server.Seen && on(dissect.ToServer) && on(dissect.ToClient) {
		p.done(c)
		p.established = true
		c.Emit(evEstablished, &p.conn)
		p.giveBack()
	}
}

// done reports the handshake, once, and gives large buffers back, unless rules may still ask for the certificates.
func (p *parser) done(c *dissect.Ctx) {
	if p.shook {
		return
	}
	p.shook = true
	p.setOrigin(c)
	c.EmitDir(evHandshake, &p.conn, dissect.ToClient)
	if c.Limits == nil || !c.Limits.KeepCerts || p.established {
		p.giveBack()
	}
}

func (p *parser) giveBack() {
	for d := range p.conn.chains {
		if ch := &p.conn.chains[d]; ch.buf != nil {
			buffers.Put(ch.buf)
			ch.buf = nil
		}
	}
}

func (p *parser) setOrigin(c *dissect.Ctx) {
	if c.Flow != nil && c.Flow.AppOrig != nil {
		p.conn.FromProto = c.Flow.AppOrig.Name
	}
}

// alert takes an alert record; one that is longer than two bytes is encrypted.
func (p *parser) alert(c *dissect.Ctx, body []byte) {
	if len(body) < 2 {
		c.Anomaly(anAlert, &p.conn)
		return
	}
	if len(body) != 2 {
		return
	}
	if p.conn.Alert == 0 {
		p.conn.Alert = binary.BigEndian.Uint16(body)
	}
	const fatal = 2
	if body[0] == fatal && (p.conn.Client.Seen || p.conn.Server.Seen) {
		p.done(c)
	}
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	s := &p.side[dir]
	if s.skip.Gap(n) {
		return
	}
	s.hsSkip, s.lost = 0, true
	s.drop()
}

func (s *side) drop() {
	if s.hs != nil {
		buffers.Put(s.hs)
		s.hs = nil
	}
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	p.side[dir].drop()
	if p.ends.Both(dir) && (p.conn.Client.Seen || p.conn.Server.Seen) {
		p.done(c)
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	for d := range p.side {
		p.side[d].drop()
	}
	p.conn.reset()
	p.side, p.ends = [2]side{}, dissect.Ends{}
	p.heart = heart{}
	p.shook, p.established = false, false
}
