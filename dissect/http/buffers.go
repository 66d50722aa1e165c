package http

import "github.com/luanids/luanids/dissect"

// cookieHeader is the header that Suricata's http.header leaves out: cookies have a buffer of
// their own.
func cookieHeader(dir dissect.Dir) string {
	if dir == dissect.ToServer {
		return "cookie"
	}
	return "set-cookie"
}

// normHeaders gives all headers but cookies as "Name: value\r\n" lines, unfolded and joined:
// Suricata's http.header. nil before the headers are complete.
func (t *Tx) normHeaders(dir dissect.Dir) []byte {
	m := t.Message(dir)
	if !m.HeadersDone || len(m.Headers) == 0 {
		return nil
	}
	if m.normFor != m.fieldCount() {
		m.norm = m.norm[:0]
		skip := cookieHeader(dir)
		for i := range m.fieldCount() {
			if name, value, ok := m.field(i); ok && !equalFold(name, skip) {
				m.norm = appendHeader(m.norm, name, trimSpace(value))
			}
		}
		m.normFor = m.fieldCount()
	}
	if len(m.norm) == 0 {
		return nil
	}
	return m.norm
}

func appendHeader(b, name, value []byte) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

// fieldCount counts the header fields: those of HTTP/2 as they were sent, else with repeated ones joined.
func (m *Message) fieldCount() int {
	if len(m.Sent) > 0 {
		return len(m.Sent)
	}
	return len(m.Headers)
}

// field gives one of them; false: it is something else.
func (m *Message) field(i int) (name, value []byte, ok bool) {
	if len(m.Sent) > 0 {
		f := &m.Sent[i]
		return f.Name, f.Value, f.Update < 0
	}
	return m.Headers[i].Name, m.Headers[i].Value, true
}

// headerNames gives Suricata's http.header_names: "\r\nHost\r\nUser-Agent\r\n\r\n".
func (m *Message) headerNames() []byte {
	if !m.HeadersDone || len(m.Headers) == 0 {
		return nil
	}
	if m.namesFor != m.fieldCount() {
		m.names = append(m.names[:0], "\r\n"...)
		for i := range m.fieldCount() {
			if name, _, ok := m.field(i); ok {
				m.names = append(m.names, name...)
				m.names = append(m.names, "\r\n"...)
			}
		}
		m.names = append(m.names, "\r\n"...)
		m.namesFor = m.fieldCount()
	}
	return m.names
}

// startBlock gives Suricata's http.start: the first line and all headers, normalised.
func (m *Message) startBlock() []byte {
	if !m.HeadersDone || m.Line == nil {
		return nil
	}
	if m.startFor != m.fieldCount() {
		m.start = append(append(m.start[:0], chomp(m.Line)...), "\r\n"...)
		for i := range m.fieldCount() {
			if name, value, ok := m.field(i); ok {
				m.start = appendHeader(m.start, name, value)
			}
		}
		if m.fieldCount() > 0 { // as in Suricata
			m.start = append(m.start, "\r\n"...)
		}
		m.startFor = m.fieldCount()
	}
	return m.start
}

// headerLine gives header i as "Name: value".
func (m *Message) headerLine(i int) ([]byte, bool) {
	if !m.HeadersDone || i >= m.fieldCount() {
		return nil, false
	}
	if m.listFor != m.fieldCount() {
		m.list, m.listEnd = m.list[:0], m.listEnd[:0]
		for k := range m.fieldCount() {
			if name, value, ok := m.field(k); ok {
				m.list = append(append(m.list, name...), ": "...)
				m.list = append(m.list, value...)
			}
			m.listEnd = append(m.listEnd, len(m.list))
		}
		m.listFor = m.fieldCount()
	}
	from := 0
	if i > 0 {
		from = m.listEnd[i-1]
	}
	return m.list[from:m.listEnd[i]], true
}

// rawHeaders gives the header block as sent, with the empty line; for HTTP/2 its fields as lines.
func (m *Message) rawHeaders() []byte {
	if !m.HeadersDone {
		return nil
	}
	if n := len(m.Sent); n > 0 && m.rawFor != n {
		m.Raw, m.rawFor = m.Raw[:0], n
		for i := range m.Sent {
			if f := &m.Sent[i]; f.Update < 0 {
				m.Raw = appendHeader(m.Raw, f.Name, f.Value)
			}
		}
	}
	return m.Raw
}

func (m *Message) body() []byte {
	if len(m.Body) == 0 {
		return nil
	}
	return m.Body
}
