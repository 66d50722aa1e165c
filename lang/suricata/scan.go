package suricata

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// raw is one rule as the text has it.
type raw struct {
	text string // one line: continuations are replaced by spaces of equal length
	line int32  // of its first character
	// ends are the offsets in text at which the second and later lines of the source begin.
	ends []int
	col  int32 // of its first character
}

// split finds the rules of a text: lines that are neither blank nor comments; a backslash at the
// end continues a line.
func split(name, src string) (raws []raw, skipped []Skip) {
	raws = make([]raw, 0, strings.Count(src, "\n")/2+1)
	line := int32(0)
	for len(src) > 0 {
		line++
		first := line
		var text string
		text, src = cutLine(src)
		trimmed := strings.TrimLeft(text, " \t\ufeff")
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			// A rule that was made a comment goes on in lines that are set in.
			for trimmed != "" && continues(text) && src != "" && isSpace(src[0]) {
				line++
				text, src = cutLine(src)
			}
			continue
		}
		r := raw{line: first, col: int32(len(text)-len(trimmed)) + 1}
		for continues(trimmed) && len(src) > 0 {
			line++
			trimmed = strings.TrimRight(trimmed, " \t")
			var more string
			more, src = cutLine(src)
			trimmed = trimmed[:len(trimmed)-1] + " "
			r.ends = append(r.ends, len(trimmed))
			trimmed += more
		}
		r.text = strings.TrimRight(trimmed, " \t\\")
		if !strings.Contains(r.text, "(") {
			skipped = append(skipped, Skip{Pos: ir.Pos{File: name, Line: first, Col: r.col}, Why: noRule(r.text)})
			continue
		}
		raws = append(raws, r)
	}
	return raws, skipped
}

// noRule says of a line what is wrong with it that has no options.
func noRule(text string) string {
	if word, _, _ := strings.Cut(text, " "); strings.EqualFold(word, "include") {
		return "this is no rule: files of rules include no others; name them with -r"
	}
	return "this is no rule: ( is missing"
}

func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

func continues(s string) bool {
	return strings.HasSuffix(strings.TrimRight(s, " \t"), `\`)
}

// pos is the place of an offset of the rule's text.
func (l *loader) pos(r *raw, off int) ir.Pos {
	p := ir.Pos{File: l.file, Line: r.line, Col: r.col + int32(off)}
	for i := len(r.ends) - 1; i >= 0; i-- {
		if off >= r.ends[i] {
			p.Line, p.Col = r.line+int32(i)+1, int32(off-r.ends[i])+1
			break
		}
	}
	return p
}

// sidOf finds the sid of a rule that could not be read.
func sidOf(r *raw) uint32 {
	for s := r.text; ; {
		_, after, found := strings.Cut(s, "sid:")
		if !found {
			return 0
		}
		s = after
		digits := strings.TrimLeft(after, " ")
		n := 0
		for n < len(digits) && digits[n] >= '0' && digits[n] <= '9' {
			n++
		}
		if v, err := strconv.ParseUint(digits[:n], 10, 32); err == nil {
			return uint32(v)
		}
	}
}

// header is the part of a rule before its options.
type header struct {
	action, proto, src, srcPort, arrow, dst, dstPort string
	// at are the places of the parts.
	at [headerParts]int
}

// The parts of a header, in their order.
const (
	atAction = iota
	atProto
	atSrc
	atSrcPort
	atArrow
	atDst
	atDstPort
	headerParts
)

// cursor walks over a rule's text.
type cursor struct {
	s string
	i int
}

func (c *cursor) space() {
	for c.i < len(c.s) && isSpace(c.s[c.i]) {
		c.i++
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' }

// word takes what stands before the next space, or a whole list in brackets.
func (c *cursor) word() string {
	c.space()
	start, depth := c.i, 0
	for ; c.i < len(c.s); c.i++ {
		switch b := c.s[c.i]; {
		case b == '[':
			depth++
		case b == ']':
			depth--
		case b == '(' && depth <= 0:
			return c.s[start:c.i]
		case isSpace(b) && depth <= 0:
			return c.s[start:c.i]
		}
	}
	return c.s[start:c.i]
}

// option is one keyword with its value.
type option struct {
	name, value string
	has         bool // a value was given
	off         int  // of the name
	valueOff    int
}

// parse takes a rule apart. The options are appended to room.
func parse(text string, room []option) (h header, opts []option, err *problem) {
	c := cursor{s: text}
	for i, p := range []*string{&h.action, &h.proto, &h.src, &h.srcPort, &h.arrow, &h.dst, &h.dstPort} {
		c.space()
		h.at[i] = c.i
		*p = c.word()
		switch {
		case *p == "":
			return h, nil, &problem{why: "the header must read: action protocol source port -> destination port", off: c.i}
		case strings.Count(*p, "[") > strings.Count(*p, "]"):
			return h, nil, &problem{why: "a ] is missing: a list of addresses or ports stands in [ ]", off: h.at[i]}
		}
	}
	c.space()
	end := strings.LastIndexByte(text, ')')
	if c.i < len(text) && text[c.i] == '(' && end < c.i {
		return h, nil, &problem{why: noParen, off: c.i}
	}
	if c.i >= len(text) || text[c.i] != '(' || end < c.i {
		return h, nil, &problem{why: "the options must stand in ( )", off: c.i}
	}
	if behind := strings.TrimLeft(text[end+1:], " \t"); behind != "" {
		if strings.Contains(text[end+1:], ";") {
			return h, nil, &problem{why: noParen, off: c.i}
		}
		return h, nil, &problem{why: "something stands behind the ) that ends the rule: a comment has a line of its own", off: len(text) - len(behind)}
	}
	opts, err = options(text[:end], c.i+1, room)
	return h, opts, err
}

const noParen = "the options begin with (, and the ) at the end of the rule is missing"

// options splits "name: value; name;" from offset i on. A backslash takes the meaning of a semicolon away.
func options(s string, i int, opts []option) ([]option, *problem) {
	for {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		if i == len(s) {
			return opts, nil
		}
		end := semicolon(s, i)
		if end < 0 {
			return nil, &problem{why: "a semicolon is missing after the option", off: i}
		}
		o := option{off: i}
		var value string
		o.name, value, o.has = strings.Cut(s[i:end], ":")
		o.valueOff = i + len(o.name) + 1
		o.name = strings.TrimRight(o.name, " \t")
		trimmed := strings.TrimLeft(value, " \t")
		o.valueOff += len(value) - len(trimmed)
		o.value = strings.TrimRight(trimmed, " \t")
		if o.name != "" {
			opts = append(opts, o)
		}
		i = end + 1
	}
}

// semicolon finds the next one from i on without a backslash before it, -1 if there is none.
func semicolon(s string, i int) int {
	for {
		n := strings.IndexByte(s[i:], ';')
		if n < 0 {
			return -1
		}
		slash := strings.IndexByte(s[i:i+n], '\\')
		if slash < 0 {
			return i + n
		}
		i = min(i+slash+2, len(s)) // behind what the backslash is for
	}
}

// unquote takes the quotes off a text and resolves its escapes.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`\";:`, s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// list splits "a, b, c".
func list(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
