package intel

import (
	"errors"
	"fmt"
	"strings"
)

// stixValue is a comparison of a pattern that makes an indicator.
type stixValue struct {
	value string
	hint  hint
}

// stixPattern reads a STIX pattern (STIX 2.1 section 9) that says of one value, or of each of several
// joined by OR, that it is bad: [ipv4-addr:value = '198.51.100.1'] OR [domain-name:value IN ('a.example', 'b.example')].
// What needs several things to come together (AND, FOLLOWEDBY, qualifiers) cannot be an indicator and is
// an error.
func stixPattern(s string) ([]stixValue, error) {
	p := &stixParser{toks: stixTokens(s)}
	var list []stixValue
	for {
		depth := 0
		for p.take("(") {
			depth++
		}
		if !p.take("[") {
			return nil, fmt.Errorf("pattern: expected [ before %s", p.peek())
		}
		for {
			v, err := p.comparison()
			if err != nil {
				return nil, err
			}
			list = append(list, v...)
			if p.take("AND") {
				return nil, errors.New("pattern: with AND no single value is an indicator")
			}
			if !p.take("OR") {
				break
			}
		}
		if !p.take("]") {
			return nil, fmt.Errorf("pattern: expected ] or OR before %s", p.peek())
		}
		for ; depth > 0 && p.take(")"); depth-- {
		}
		if p.done() {
			return list, nil
		}
		if !p.take("OR") {
			return nil, fmt.Errorf("pattern: %s is not supported: only values joined by OR are indicators", p.peek())
		}
	}
}

// stixTokens splits a pattern; strings keep their first quote to be told from words.
func stixTokens(s string) []string {
	var toks []string
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'':
			var b strings.Builder
			b.WriteByte('\'')
			for i++; i < len(s) && s[i] != '\''; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				b.WriteByte(s[i])
			}
			i++
			toks = append(toks, b.String())
		case strings.IndexByte("[](),", c) >= 0:
			toks = append(toks, s[i:i+1])
			i++
		case c == '=' || c == '!' || c == '<' || c == '>':
			j := i + 1
			for j < len(s) && s[j] == '=' {
				j++
			}
			toks = append(toks, s[i:j])
			i = j
		default:
			j := i
			quoted := false // file:hashes.'SHA-256'
			for j < len(s) && (quoted || strings.IndexByte(" \t\n\r[](),=!<>", s[j]) < 0) {
				if s[j] == '\'' {
					quoted = !quoted
				}
				j++
			}
			toks = append(toks, s[i:j])
			i = j
		}
	}
	return toks
}

type stixParser struct {
	toks []string
	at   int
}

func (p *stixParser) done() bool { return p.at >= len(p.toks) }

func (p *stixParser) peek() string {
	if p.done() {
		return "the end"
	}
	return p.toks[p.at]
}

func (p *stixParser) take(tok string) bool {
	if !p.done() && p.toks[p.at] == tok {
		p.at++
		return true
	}
	return false
}

func (p *stixParser) next() string {
	t := p.peek()
	p.at++
	return t
}

// comparison reads path = 'value', path IN ('a', 'b') or path ISSUBSET 'cidr'.
func (p *stixParser) comparison() ([]stixValue, error) {
	if p.take("(") {
		v, err := p.comparison()
		for err == nil && p.take("OR") {
			var more []stixValue
			more, err = p.comparison()
			v = append(v, more...)
		}
		if err == nil && !p.take(")") {
			err = fmt.Errorf("pattern: expected ) before %s", p.peek())
		}
		return v, err
	}
	path := p.next()
	h, ok := stixPath(path)
	if !ok {
		return nil, fmt.Errorf("pattern: %s cannot be matched: use addresses, domain names, URLs, file and certificate hashes", path)
	}
	switch op := p.next(); op {
	case "=", "==", "ISSUBSET":
		v, ok := strings.CutPrefix(p.next(), "'")
		if !ok {
			return nil, errors.New("pattern: expected a text in quotes")
		}
		return []stixValue{{v, h}}, nil
	case "IN":
		if !p.take("(") {
			return nil, errors.New("pattern: expected ( after IN")
		}
		var list []stixValue
		for {
			v, ok := strings.CutPrefix(p.next(), "'")
			if !ok {
				return nil, errors.New("pattern: expected a text in quotes")
			}
			list = append(list, stixValue{v, h})
			if p.take(",") {
				continue
			}
			if !p.take(")") {
				return nil, fmt.Errorf("pattern: expected ) before %s", p.peek())
			}
			return list, nil
		}
	default:
		return nil, fmt.Errorf("pattern: the operator %s is not supported: use =, IN or ISSUBSET", op)
	}
}

// stixPath tells what an object path names.
func stixPath(path string) (hint, bool) {
	object, prop, _ := strings.Cut(path, ":")
	switch object {
	case "ipv4-addr", "ipv6-addr":
		return hintIP, prop == "value"
	case "domain-name":
		return hintDomain, prop == "value"
	case "url":
		return hintURL, prop == "value"
	case "file", "artifact", "x509-certificate":
		name, ok := strings.CutPrefix(prop, "hashes.")
		name = strings.ToUpper(strings.Trim(name, `'"`))
		return hintHash, ok && (name == "MD5" || strings.HasPrefix(name, "SHA"))
	case "network-traffic":
		switch prop {
		case "src_ref.value", "dst_ref.value":
			return hintAny, true
		case "extensions.'tls-ext'.ja3", "x_ja3", "ja3":
			return hintJA3, true
		}
	}
	return hintAny, false
}
