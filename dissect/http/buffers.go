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
	if m.normFor != len(m.Headers) {
		m.norm = m.norm[:0]
		skip := cookieHeader(dir)
		for i := range m.Headers {
			if h := &m.Headers[i]; !equalFold(h.Name, skip) {
				m.norm = appendHeader(m.norm, h)
			}
		}
		m.normFor = len(m.Headers)
	}
	if len(m.norm) == 0 {
		return nil
	}
	return m.norm
}

func appendHeader(b []byte, h *Header) []byte {
	b = append(b, h.Name...)
	b = append(b, ": "...)
	b = append(b, h.Value...)
	return append(b, "\r\n"...)
}

// headerNames gives Suricata's http.header_names: "\r\nHost\r\nUser-Agent\r\n\r\n".
func (m *Message) headerNames() []byte {
	if !m.HeadersDone || len(m.Headers) == 0 {
		return nil
	}
	if m.namesFor != len(m.Headers) {
		m.names = append(m.names[:0], "\r\n"...)
		for i := range m.Headers {
			m.names = append(m.names, m.Headers[i].Name...)
			m.names = append(m.names, "\r\n"...)
		}
		m.names = append(m.names, "\r\n"...)
		m.namesFor = len(m.Headers)
	}
	return m.names
}

// startBlock gives Suricata's http.start: the first line and all headers, normalised.
func (m *Message) startBlock() []byte {
	if !m.HeadersDone || m.Line == nil {
		return nil
	}
	if m.startFor != len(m.Headers) {
		m.start = append(append(m.start[:0], m.Line...), "\r\n"...)
		for i := range m.Headers {
			m.start = appendHeader(m.start, &m.Headers[i])
		}
		m.start = append(m.start, "\r\n"...)
		m.startFor = len(m.Headers)
	}
	return m.start
}

// headerLine gives header i as "Name: value".
func (m *Message) headerLine(i int) ([]byte, bool) {
	if !m.HeadersDone || i >= len(m.Headers) {
		return nil, false
	}
	if m.listFor != len(m.Headers) {
		m.list, m.listEnd = m.list[:0], m.listEnd[:0]
		for k := range m.Headers {
			m.list = append(append(m.list, m.Headers[k].Name...), ": "...)
			m.list = append(m.list, m.Headers[k].Value...)
			m.listEnd = append(m.listEnd, len(m.list))
		}
		m.listFor = len(m.Headers)
	}
	from := 0
	if i > 0 {
		from = m.listEnd[i-1]
	}
	return m.list[from:m.listEnd[i]], true
}

// rawHeaders gives the header block as sent, with the empty line.
func (m *Message) rawHeaders() []byte {
	if !m.HeadersDone {
		return nil
	}
	return m.Raw
}

func (m *Message) body() []byte {
	if len(m.Body) == 0 {
		return nil
	}
	return m.Body
}
