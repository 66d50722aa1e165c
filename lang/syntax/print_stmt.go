package syntax

import "strings"

// KeywordOf is the word that a statement begins with, "" for steps of a sequence.
func KeywordOf(s Stmt) string {
	switch s := s.(type) {
	case *When:
		return "when"
	case *On:
		return "on"
	case *Severity:
		return "severity"
	case *Confidence:
		return "confidence"
	case *Mitre:
		return "mitre"
	case *Tags:
		return "tags"
	case *Threshold:
		return "threshold"
	case *Evidence:
		return "evidence"
	case *Set:
		return s.Verb
	case *Metadata:
		return "metadata"
	case *Ref:
		return "ref"
	case *Text:
		return s.Keyword
	case *Number:
		return s.Keyword
	case *Choice:
		return s.Keyword
	case *Flag:
		return s.Keyword
	case *TagPackets:
		return "tag"
	case *Context:
		return "context"
	}
	return ""
}

// stmt writes what follows the keyword of a statement.
func (p *printer) stmt(s Stmt) {
	indent := p.col
	switch s := s.(type) {
	case *When:
		p.expr(s.Cond, indent)
	case *On:
		p.write(s.Event.Text)
	case *Severity:
		p.write(s.Level.Text)
	case *Confidence:
		p.write(s.Value.Raw)
	case *Mitre:
		p.wordList(s.IDs, indent)
	case *Tags:
		p.wordList(s.Tags, indent)
	case *Threshold:
		p.write(thresholdString(s))
	case *Evidence:
		for i, x := range s.Fields {
			p.listItem(x, str(x, 0), i, len(s.Fields), indent)
		}
	case *Set:
		p.write(str(s.Target, 0))
		if s.Op != "" {
			p.write(" " + s.Op + " " + str(s.Value, 0))
		}
		if s.For != nil {
			p.write(" for " + s.For.Raw)
		}
	case *Metadata:
		for i, m := range s.Pairs.List {
			p.listItem(m, m.Key.String()+" "+str(m.Value, 0), i, len(s.Pairs.List), indent)
		}
	case *Ref:
		p.write(s.Kind.String() + " " + s.Value.Raw)
	case *Text:
		p.write(s.Value.Raw)
	case *Number:
		p.write(s.Value.Raw)
	case *Choice:
		p.write(s.Value.String())
	case *TagPackets:
		p.write(s.Of + " for " + s.Limit.Raw)
		if s.Unit != "" {
			p.write(" " + s.Unit)
		}
	case *Context:
		p.write(s.Key.Raw + " from " + str(s.Of, 0))
	case *Step:
		p.step(s)
	}
}

// listItem writes item i of n with its comma.
func (p *printer) listItem(x Expr, s string, i, n, indent int) {
	if i < n-1 {
		s += ","
	}
	p.segment(x.Range(), sep(i), s, indent)
}

func (p *printer) wordList(list []*Word, indent int) {
	for i, w := range list {
		p.listItem(w, w.Text, i, len(list), indent)
	}
}

func thresholdString(t *Threshold) string {
	var b strings.Builder
	if t.Kind != "" {
		b.WriteString(t.Kind + " ")
	}
	b.WriteString(t.Count.Raw)
	if t.Distinct != nil {
		b.WriteString(" distinct " + str(t.Distinct.X, precBitOr))
	}
	if t.Times != nil {
		b.WriteString(" times " + t.Times.Raw)
	} else {
		b.WriteString(" in ")
		if t.Fixed {
			b.WriteString("fixed ")
		}
		b.WriteString(t.Window.Raw)
	}
	if len(t.By) > 0 {
		b.WriteString(" by " + join(t.By))
	}
	return b.String()
}

func (p *printer) step(s *Step) {
	if s.Label != nil {
		p.write(s.Label.Text + ": ")
	}
	if s.Then {
		p.write("then ")
	}
	if s.Not {
		p.write("not ")
	}
	if s.Count != nil {
		p.write(s.Count.Raw + " of ")
	}
	p.expr(s.Cond, p.col)
	if s.Within != nil {
		if p.broken {
			p.newline(4)
		} else {
			p.write(" ")
		}
		p.write("within " + s.Within.Raw)
	}
}

// test writes a test block; the counts of alerts stand below each other.
func (p *printer) test(t *Test) {
	const widest = 72 // cases longer than this do not push the others' counts away
	lines := make([]string, len(t.Cases))
	width := 0
	for i, c := range t.Cases {
		lines[i] = caseString(c)
		if len(lines[i]) <= widest {
			width = max(width, len(lines[i]))
		}
	}
	p.write("test " + t.ID.String())
	p.open(&t.Parsed)
	for i, c := range t.Cases {
		p.comment(c.Range().Start, 2)
		p.write("  ")
		if len(lines[i]) > lineWidth {
			p.longCase(c)
		} else {
			p.write(lines[i])
		}
		p.write(strings.Repeat(" ", max(0, width-len(lines[i]))+2) + "alerts " + c.Alerts.Raw)
		p.end(c.Range().End.Line, 2)
	}
	p.close(&t.Parsed)
}

func caseString(c *TestCase) string {
	if c.Capture != nil {
		return "pcap " + c.Capture.Raw
	}
	out := make([]string, len(c.Steps))
	for i, m := range c.Steps {
		out[i] = messageString(m)
	}
	return strings.Join(out, " then ")
}

func messageString(m *TestMsg) string {
	if len(m.Fields) == 0 {
		return messageHead(m) + " {}" + messageTail(m)
	}
	return messageHead(m) + " { " + strings.Join(fieldStrings(m), ", ") + " }" + messageTail(m)
}

func messageHead(m *TestMsg) string {
	if m.Repeat != nil {
		return m.Repeat.Raw + " of " + m.Event.Text
	}
	return m.Event.Text
}

func messageTail(m *TestMsg) string {
	s := ""
	if m.Every != nil {
		s += " every " + m.Every.Raw
	}
	if m.After != nil {
		s += " after " + m.After.Raw
	}
	return s
}

func fieldStrings(m *TestMsg) []string {
	out := make([]string, len(m.Fields))
	for i, f := range m.Fields {
		name := f.Name.Text
		if f.Key != nil {
			name += "[" + f.Key.Raw + "]"
		}
		out[i] = name + " " + str(f.Value, 0)
	}
	return out
}

// longCase writes a case with a line for each message, and for each field of a long one.
func (p *printer) longCase(c *TestCase) {
	for i, m := range c.Steps {
		if i > 0 {
			p.newline(4)
			p.write("then ")
		}
		fields := fieldStrings(m)
		if one := messageString(m); p.col+len(one) < lineWidth-10 || len(fields) < 2 {
			p.write(one)
			continue
		}
		p.write(messageHead(m) + " {")
		for j, f := range m.Fields {
			p.broken = false
			p.newline(6)
			p.comment(f.Range().Start, 6)
			if p.col == 0 {
				p.write("      ")
			}
			p.write(fields[j])
		}
		p.newline(4)
		p.write("}" + messageTail(m))
	}
	if c.Capture != nil {
		p.write("pcap " + c.Capture.Raw)
	}
}

// dataset writes what a data set begins with, as many values a line as fit.
func (p *printer) dataset(d *Dataset) {
	p.write("dataset " + d.Name.Raw)
	if d.Most != nil {
		p.write(" limit " + d.Most.Raw)
	}
	if d.Values.From != nil {
		p.write(" = " + d.Values.From.Text)
		return
	}
	p.write(" = {")
	for i, v := range d.Values.List {
		s := str(v.Value, precBitOr)
		if v.Shown != nil {
			s += " = " + v.Shown.Raw
		}
		p.listItem(v.Value, s, i, len(d.Values.List), 2)
	}
	p.write("}")
}
