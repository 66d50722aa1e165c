package intel

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// valueKeys are the keys of an indicator's value, with what they say of its kind.
var valueKeys = map[string]hint{
	"cidr": hintIP, "ip": hintIP, "ip_address": hintIP, "network": hintIP, "range": hintIP, "dst_ip": hintIP, "src_ip": hintIP,
	"domain": hintDomain, "hostname": hintDomain, "fqdn": hintDomain, "host": hintAny,
	"url": hintURL, "uri": hintURL,
	"hash": hintHash, "md5": hintHash, "sha1": hintHash, "sha256": hintHash, "sha512": hintHash, "md5_hash": hintHash, "sha1_hash": hintHash,
	"sha256_hash": hintHash, "file_hash": hintHash, "certificate": hintHash,
	"ja3": hintJA3, "ja3s": hintJA3, "ja3_md5": hintJA3, "ja3_hash": hintJA3, "ja4": hintJA4, "ja4s": hintJA4,
	"indicator": hintAny, "value": hintAny, "ioc": hintAny, "ioc_value": hintAny,
}

// wholeYAML is the size up to which a YAML file is parsed as a whole. The nodes of a larger one would
// take a hundred times its size in memory, so it is taken apart at its entries.
const wholeYAML = 1 << 20

// yaml reads a mapping with a list called entries, or the list alone:
//
//	entries:
//	  - {cidr: 185.220.101.0/24, category: tor_exit, severity: MEDIUM, description: ..., expires: 2027-01-01}
//
// category, severity, description, expires and name beside entries hold for those that do not have their own.
func (f *feed) yaml(data []byte) error {
	if len(data) > wholeYAML {
		if done, err := f.yamlPieces(data); done {
			return err
		}
	}
	return f.yamlDoc(data, 0)
}

func (f *feed) yamlDoc(data []byte, line int) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.MappingNode {
		list, err := f.yamlHead(root)
		if err != nil {
			return err
		}
		root = list
	}
	if root.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d: expected entries: with a list of indicators", root.Line+line)
	}
	for _, n := range root.Content {
		f.yamlEntry(n, line)
	}
	return nil
}

// yamlHead reads what holds for the whole feed and gives the list of entries.
func (f *feed) yamlHead(root *yaml.Node) (*yaml.Node, error) {
	var list *yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		k, v := root.Content[i], root.Content[i+1]
		switch k.Value {
		case "entries", "indicators", "iocs":
			list = v
		case "version", "updated", "license", "url":
		default:
			known, err := f.defaults.set(k.Value, v.Value)
			if err != nil || !known {
				return nil, fmt.Errorf("line %d: %w", k.Line, unknownKey(k.Value, err))
			}
		}
	}
	if list == nil {
		return nil, errors.New("there is no entries: with a list of indicators")
	}
	if list.Tag == "!!null" {
		list = &yaml.Node{Kind: yaml.SequenceNode}
	}
	return list, nil
}

func unknownKey(key string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return fmt.Errorf("unknown key %s: use cidr, ip, domain, url, hash, ja3 or ja4 for the value, and category, severity, description, expires", key)
}

func (f *feed) yamlEntry(n *yaml.Node, line int) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode {
		f.add(n.Line+line, n.Value, f.hint, f.defaults)
		return
	}
	if n.Kind != yaml.MappingNode {
		f.problem(n.Line+line, "expected an entry such as {ip: 203.0.113.7, category: c2, severity: high}")
		return
	}
	pairs := make([][2]string, 0, 8)
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, [2]string{n.Content[i].Value, n.Content[i+1].Value})
	}
	f.entry(n.Line+line, pairs)
}

// entry takes an indicator given as keys and values.
func (f *feed) entry(line int, pairs [][2]string) {
	d := f.defaults
	var value, h, key = "", f.hint, ""
	for _, p := range pairs {
		if vh, ok := valueKeys[p[0]]; ok && p[1] != "" {
			if key != "" {
				f.problem(line, "%s and %s: one entry is one indicator", key, p[0])
				return
			}
			key, value = p[0], p[1]
			if vh != hintAny {
				h = vh
			}
			continue
		}
		switch known, err := d.set(p[0], p[1]); {
		case p[0] == "tags" || p[0] == "first_seen" || p[0] == "last_seen" || p[0] == "reference":
		case err != nil:
			f.problem(line, "%s: %v", p[0], err)
			return
		case !known:
			f.remark(line, "%v", unknownKey(p[0], nil))
		}
	}
	if key == "" {
		f.problem(line, "the entry has no value: give it a cidr, ip, domain, url, hash, ja3 or ja4")
		return
	}
	f.add(line, value, h, d)
}

// yamlPieces takes a large file apart: the lines before the list, then entry by entry. It does
// nothing and gives false when the list is not written in the usual way.
func (f *feed) yamlPieces(data []byte) (done bool, err error) {
	at := bytes.Index(data, []byte("entries:"))
	if at != 0 && (at < 0 || data[at-1] != '\n') {
		return false, nil
	}
	eol := bytes.IndexByte(data[at:], '\n')
	if eol < 0 {
		return false, nil
	}
	body := data[at+eol+1:]
	line := bytes.Count(data[:at+eol+1], []byte("\n"))
	first := bytes.TrimLeft(body, " ")
	indent := len(body) - len(first)
	if !bytes.HasPrefix(first, []byte("- ")) {
		return false, nil
	}
	head := append(bytes.Clone(data[:at]), "entries: []\n"...)
	if err := f.yamlDoc(head, 0); err != nil {
		return true, err
	}
	for len(body) > 0 {
		n := entryEnd(body, indent)
		f.yamlPiece(body[:n], line)
		line += bytes.Count(body[:n], []byte("\n"))
		body = body[n:]
	}
	return true, nil
}

// entryEnd finds where the entry at the beginning of b ends: before the next line that is indented no
// deeper than its dash.
func entryEnd(b []byte, indent int) int {
	at := 0
	for {
		eol := bytes.IndexByte(b[at:], '\n')
		if eol < 0 {
			return len(b)
		}
		at += eol + 1
		rest := b[at:]
		depth := 0
		for depth <= indent && depth < len(rest) && rest[depth] == ' ' {
			depth++
		}
		if depth <= indent && len(rest) > depth && rest[depth] != '\n' && rest[depth] != '\r' && rest[depth] != '#' {
			return at
		}
	}
}

// yamlPiece reads one entry. Simple ones, a key and a plain or quoted value a line, are read
// directly; YAML's own parser, thirty times slower, gets the others.
func (f *feed) yamlPiece(b []byte, line int) {
	if pairs, ok := simpleEntry(string(b)); ok {
		f.entry(line+1, pairs)
		return
	}
	if err := f.yamlDoc(b, line); err != nil {
		f.problem(line+1, "%v", err)
	}
}

func simpleEntry(s string) ([][2]string, bool) {
	pairs := make([][2]string, 0, 8)
	for i, l := range strings.Split(s, "\n") {
		l = strings.TrimSpace(l)
		if i == 0 {
			var ok bool
			if l, ok = strings.CutPrefix(l, "- "); !ok {
				return nil, false
			}
			l = strings.TrimSpace(l)
		}
		if l == "" {
			continue
		}
		key, value, ok := strings.Cut(l, ": ")
		if !ok || !plain(key) {
			return nil, false
		}
		value = strings.TrimSpace(value)
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
			if strings.ContainsAny(value, `\"'`) {
				return nil, false
			}
		} else if !plain(value) {
			return nil, false
		}
		pairs = append(pairs, [2]string{key, value})
	}
	return pairs, len(pairs) > 0
}

// plain tells whether a scalar means what it says: nothing in it has a meaning in YAML.
func plain(s string) bool {
	return s != "" && !strings.ContainsAny(s, "#&*!|>'\"%@`{}[],\\\t") && !strings.Contains(s, ": ") && !strings.HasSuffix(s, ":") &&
		!strings.ContainsAny(s[:1], "-?~") && s != "null"
}
