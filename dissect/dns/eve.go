package dns

import (
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Options say how EVE records of DNS are written: what stands below
// outputs.eve-log.types.dns in a configuration. A record that they leave out is written as
// nothing at all.
type Options struct {
	Version   int // 3 (the default), or 2 for the older form of a record
	Requests  bool
	Responses bool
	Detailed  bool // a member "answers" with all of each record
	Grouped   bool // a member "grouped" with the data of the answers by type
	// Types are the types of questions that are logged, nil for all.
	Types map[uint16]bool
}

// DefaultOptions logs everything in version 3.
func DefaultOptions() Options {
	return Options{Version: 3, Requests: true, Responses: true, Detailed: true, Grouped: true}
}

// versionVariable is the environment variable that sets the version, as in Suricata, where no
// setting does.
const versionVariable = "SURICATA_EVE_DNS_VERSION"

// ParseOptions reads settings by their name below outputs.eve-log.types.dns: version, requests,
// responses, formats.N (detailed, grouped), types.N (a, mx, https...). Unknown ones are ignored.
func ParseOptions(settings map[string]string) Options {
	o := DefaultOptions()
	if settings["version"] == "" && os.Getenv(versionVariable) == "2" {
		o.Version = 2
	}
	formats := false // a known one is named
	for k, v := range settings {
		switch {
		case k == "version":
			if v == "2" {
				o.Version = 2
			}
		case k == "requests" || k == "query":
			o.Requests = truth(v)
		case k == "responses" || k == "answer":
			o.Responses = truth(v)
		case strings.HasPrefix(k, "formats."):
			detailed, grouped := strings.EqualFold(v, "detailed"), strings.EqualFold(v, "grouped")
			if !formats && (detailed || grouped) {
				formats, o.Detailed, o.Grouped = true, false, false
			}
			o.Detailed = o.Detailed || detailed
			o.Grouped = o.Grouped || grouped
		case strings.HasPrefix(k, "types.") || strings.HasPrefix(k, "custom."):
			if o.Types == nil {
				o.Types = map[uint16]bool{}
			}
			if t := TypeByName(v); t != 0 {
				o.Types[t] = true
			}
		}
	}
	return o
}

func truth(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "true", "1", "on":
		return true
	}
	return false
}

// logged tells whether a record of m is wanted. A message without a question has none, as in Suricata.
func (o *Options) logged(m *Message) bool {
	if m.Response && !o.Responses || !m.Response && !o.Requests {
		return false
	}
	if o.Types == nil {
		return len(m.Queries) > 0
	}
	for i := range m.Queries {
		if o.Types[m.Queries[i].Type] {
			return true
		}
	}
	return false
}

// context is the Spec's Context function: alerts carry version 3 with the answers' details,
// whatever is set for records.
func context(w *jsonw.Writer, e *dissect.Env) {
	if m, ok := e.Tx.(*Message); ok {
		w.Open("dns")
		(&Options{Detailed: true}).Members(w, m)
		w.End()
	}
}

// write is the Spec's EVE function.
func (o *Options) write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok || !o.logged(m) {
		return
	}
	w.Open("dns")
	if o.Version == 2 {
		o.members2(w, m)
	} else {
		o.Members(w, m)
	}
	w.End()
}

// Members writes the members of a dns object in version 3, which alerts carry whatever version
// is set for records, and DNS over HTTPS as well.
func (o *Options) Members(w *jsonw.Writer, m *Message) {
	w.Key("version")
	w.Int(3)
	w.Key("type")
	if m.Response {
		w.Str("response")
	} else {
		w.Str("request")
	}
	w.Key("tx_id")
	w.Uint(m.Number)
	w.Key("id")
	w.Uint(uint64(m.ID))
	writeFlags(w, m)
	w.Key("rcode")
	var name [64]byte
	w.Bytes(appendEVERCode(name[:0], m.Flags))
	if len(m.Queries) > 0 {
		w.OpenArray("queries")
		for i := range m.Queries {
			q := &m.Queries[i]
			if o.Types != nil && !o.Types[q.Type] {
				continue
			}
			w.Object()
			writeQuestion(w, m, q)
			w.End()
		}
		w.EndArray()
	}
	o.answers(w, m)
	writeSection(w, m, "authorities", m.Records[Authorities])
	writeAdditionals(w, m)
}

// records is the Spec's Records function: in version 2 a request has a record for each of its questions, up to the first whose type is not
// wanted, as in Suricata.
func (o *Options) records(e *dissect.Env) int {
	m, ok := e.Tx.(*Message)
	if !ok || o.Version != 2 || m.Response {
		return 1
	}
	m.asked = 0
	if o.Types == nil {
		return len(m.Queries)
	}
	n := 0
	for n < len(m.Queries) && o.Types[m.Queries[n].Type] {
		n++
	}
	return n
}

// members2 writes the older form: a query has only what identifies it, in a record for each question.
func (o *Options) members2(w *jsonw.Writer, m *Message) {
	w.Key("version")
	w.Int(2)
	if !m.Response {
		w.Key("type")
		w.Str("query")
		w.Key("id")
		w.Uint(uint64(m.ID))
		if m.asked < len(m.Queries) {
			writeQuestion(w, m, &m.Queries[m.asked])
			m.asked++
		}
		w.Key("tx_id")
		w.Uint(m.Number)
		if m.Flags&FlagZ != 0 {
			w.Key("z")
			w.Bool(true)
		}
		w.Key("opcode")
		w.Int(int64(m.Opcode()))
		return
	}
	w.Key("type")
	w.Str("answer")
	w.Key("id")
	w.Uint(uint64(m.ID))
	writeFlags(w, m)
	if len(m.Queries) > 0 {
		writeQuestion(w, m, &m.Queries[0])
	}
	w.Key("rcode")
	var name [64]byte
	w.Bytes(appendEVERCode(name[:0], m.Flags))
	o.answers(w, m)
	writeSection(w, m, "authorities", m.Records[Authorities])
	writeAdditionals(w, m)
}

func writeFlags(w *jsonw.Writer, m *Message) {
	w.Key("flags")
	var name [64]byte
	w.Bytes(strconv.AppendUint(name[:0], uint64(m.Flags), 16))
	for _, f := range [...]struct {
		name string
		bit  uint16
	}{{"qr", FlagQR}, {"aa", FlagAA}, {"tc", FlagTC}, {"rd", FlagRD}, {"ra", FlagRA}, {"z", FlagZ}} {
		if m.Flags&f.bit != 0 {
			w.Key(f.name)
			w.Bool(true)
		}
	}
	w.Key("opcode")
	w.Int(int64(m.Opcode()))
}

func writeQuestion(w *jsonw.Writer, m *Message, q *Question) {
	w.Key("rrname")
	w.Bytes(m.Bytes(q.Name))
	w.Key("rrtype")
	var name [64]byte
	w.Bytes(appendEVEType(name[:0], q.Type))
	if q.Truncated {
		w.Key("rrname_truncated")
		w.Bool(true)
	}
}

func (o *Options) answers(w *jsonw.Writer, m *Message) {
	if len(m.Records[Answers]) == 0 {
		return
	}
	if o.Detailed {
		writeSection(w, m, "answers", m.Records[Answers])
	}
	if o.Grouped {
		writeGrouped(w, m)
	}
}

// writeGrouped writes the answers' data by type, in the order in which the types appear.
func writeGrouped(w *jsonw.Writer, m *Message) {
	rs := m.Records[Answers]
	w.Open("grouped")
	for i := range rs {
		t := rs[i].Type
		if !groups(t) || typeBefore(rs[:i], t) {
			continue
		}
		var tmp [16]byte
		w.KeyBytes(appendEVEType(tmp[:0], t))
		w.Array()
		for j := i; j < len(rs); j++ {
			if rs[j].Type == t {
				writeGroupValue(w, m, &rs[j])
			}
		}
		w.EndArray()
	}
	w.End()
}

// groups tells which types have data that EVE records show.
func groups(t uint16) bool {
	switch t {
	case TypeA, TypeAAAA, TypeCNAME, TypeMX, TypeNS, TypePTR, TypeTXT, TypeNULL, TypeSOA, TypeSSHFP, TypeSRV:
		return true
	}
	return false
}

func typeBefore(rs []Record, t uint16) bool {
	for i := range rs {
		if rs[i].Type == t {
			return true
		}
	}
	return false
}

func writeGroupValue(w *jsonw.Writer, m *Message, r *Record) {
	switch r.Type {
	case TypeTXT:
		for s, rest := nextString(m.Data(r)); s != nil; s, rest = nextString(rest) {
			w.Bytes(s)
		}
	case TypeSOA, TypeSSHFP, TypeSRV:
		w.Object()
		writeStruct(w, m, r)
		w.End()
	default:
		writeRdata(w, m, r)
	}
}

func writeSection(w *jsonw.Writer, m *Message, key string, rs []Record) {
	if len(rs) == 0 {
		return
	}
	w.OpenArray(key)
	for i := range rs {
		writeRecord(w, m, &rs[i])
	}
	w.EndArray()
}

// writeAdditionals leaves out the OPT record that says nothing.
func writeAdditionals(w *jsonw.Writer, m *Message) {
	open := false
	for i := range m.Records[Additionals] {
		r := &m.Records[Additionals][i]
		if r.Type == TypeOPT && r.rdata.n == 0 {
			continue
		}
		if !open {
			w.OpenArray("additionals")
			open = true
		}
		writeRecord(w, m, r)
	}
	if open {
		w.EndArray()
	}
}

// writeRecord writes a record; a TXT record becomes one for each of its strings.
func writeRecord(w *jsonw.Writer, m *Message, r *Record) {
	if r.Type != TypeTXT {
		writeOwner(w, m, r)
		writeDetail(w, m, r)
		w.End()
		return
	}
	for s, rest := nextString(m.Data(r)); s != nil; s, rest = nextString(rest) {
		writeOwner(w, m, r)
		w.Key("rdata")
		w.Bytes(s)
		w.End()
	}
}

func writeOwner(w *jsonw.Writer, m *Message, r *Record) {
	w.Object()
	w.Key("rrname")
	w.Bytes(m.Bytes(r.Name))
	if r.Truncated {
		w.Key("rrname_truncated")
		w.Bool(true)
	}
	w.Key("rrtype")
	var name [64]byte
	w.Bytes(appendEVEType(name[:0], r.Type))
	w.Key("ttl")
	w.Uint(uint64(r.TTL))
}

func writeDetail(w *jsonw.Writer, m *Message, r *Record) {
	switch r.Type {
	case TypeSOA, TypeSSHFP, TypeSRV:
		if r.rdata.n == 0 {
			return
		}
		w.Open(structKey(r.Type))
		writeStruct(w, m, r)
		w.End()
	case TypeOPT:
		w.OpenArray("opt")
		writeOptions(w, m, r)
		w.EndArray()
	default:
		if !groups(r.Type) {
			return
		}
		w.Key("rdata")
		writeRdata(w, m, r)
		if r.TargetTruncated {
			w.Key("rdata_truncated")
			w.Bool(true)
		}
	}
}

func structKey(t uint16) string {
	switch t {
	case TypeSOA:
		return "soa"
	case TypeSRV:
		return "srv"
	}
	return "sshfp"
}

// writeRdata writes the data of a record that is one string.
func writeRdata(w *jsonw.Writer, m *Message, r *Record) {
	d := m.Data(r)
	switch {
	case r.HasTarget:
		w.Bytes(m.Bytes(r.Target))
	case r.Type == TypeNULL:
		w.Bytes(d)
	case len(d) == 4:
		w.Addr(netip.AddrFrom4([4]byte(d)))
	case len(d) == 16:
		var name [64]byte
		w.Bytes(appendLongIPv6(name[:0], d))
	default:
		w.Str("")
	}
}

// appendLongIPv6 appends an IPv6 address with all its zeros.
func appendLongIPv6(b, d []byte) []byte {
	const digits = "0123456789abcdef"
	for i, c := range d {
		if i > 0 && i%2 == 0 {
			b = append(b, ':')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

// writeStruct writes the members of a record's data that has several.
func writeStruct(w *jsonw.Writer, m *Message, r *Record) {
	d := m.Data(r)
	switch {
	case r.Type == TypeSOA:
		w.Key("mname")
		w.Bytes(m.Bytes(r.Target))
		if r.TargetTruncated {
			w.Key("mname_truncated")
			w.Bool(true)
		}
		w.Key("rname")
		w.Bytes(m.Bytes(r.Target2))
		for i, name := range [...]string{"serial", "refresh", "retry", "expire", "minimum"} {
			w.Key(name)
			w.Uint(uint64(m.soaNumber(r, i)))
		}
	case r.Type == TypeSRV && len(d) >= 6:
		for i, name := range [...]string{"priority", "weight", "port"} {
			w.Key(name)
			w.Uint(uint64(d[2*i])<<8 | uint64(d[2*i+1]))
		}
		w.Key("name")
		w.Bytes(m.Bytes(r.Target))
	case r.Type == TypeSSHFP && len(d) >= 2:
		w.Key("fingerprint")
		writeColonHex(w, d[2:])
		w.Key("algo")
		w.Uint(uint64(d[0]))
		w.Key("type")
		w.Uint(uint64(d[1]))
	}
}

func writeColonHex(w *jsonw.Writer, d []byte) {
	const digits = "0123456789abcdef"
	var text [3 * 64]byte
	b := text[:0]
	for i, c := range d {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	w.Bytes(b)
}

func writeOptions(w *jsonw.Writer, m *Message, r *Record) {
	for code, v, rest := nextOption(m.Data(r)); v != nil; code, v, rest = nextOption(rest) {
		w.Object()
		w.Key("code")
		w.Uint(uint64(code))
		w.Key("data")
		w.Hex(v)
		w.End()
	}
}
