package check

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"unsafe"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// listTypes are what the entries of a list can be declared to be.
var listTypes = []string{"string", "ip", "domain", "int", "port", "md5", "sha1", "sha256"}

// List defines a list of the entries of a file. Without a type it is addresses if the first
// entry is one, else strings. It gives the number of entries.
func (s *Scope) List(p Piece, d *syntax.List, file string, entries func(func(int, []byte) bool), unread bool) (int, diag.List) {
	r := &listReader{set: &constSet{name: d.Name.Text}, file: file}
	var out diag.List
	if d.Of != nil {
		r.kind = d.Of.Text
		known := false
		for _, t := range listTypes {
			known = known || t == r.kind
		}
		if !known {
			out = append(out, diag.BadChoice(d.Of.Range(), "list type", r.kind, diag.Nearest(r.kind, listTypes), listTypes))
			r.kind = "string"
		}
	}
	entries(func(line int, value []byte) bool { return r.add(line, value) })
	if r.n == 0 && !unread {
		out = append(out, diag.EmptyList(d.File.Range(), file))
	}
	if r.set.typ == 0 && r.kind != "" {
		r.set.typ = map[string]dissect.Type{"ip": dissect.TIP, "int": dissect.TInt, "port": dissect.TPort}[r.kind]
		if r.set.typ == 0 {
			r.set.typ = dissect.TString
		}
	}
	for i := range out {
		out[i].File = p.File
	}
	out = append(out, r.bad...)
	l := &let{name: d.Name.Text, file: p.File, at: d.Name.Range(), set: r.set, what: "list"}
	r.set.nocase = d.NoCase || r.kind == "domain" || r.hash() > 0
	return r.n, append(out, s.define(l)...)
}

// listReader gathers the entries of a list.
type listReader struct {
	set  *constSet
	file string
	kind string
	n    int
	bad  diag.List
}

// maxListErrors is how many bad lines of a list are reported.
const maxListErrors = 10

// hash is how many bytes the digests of the list have, 0 if it is not of digests.
func (r *listReader) hash() int {
	return map[string]int{"md5": 16, "sha1": 20, "sha256": 32}[r.kind]
}

func (r *listReader) add(line int, value []byte) bool {
	r.n++
	text := unsafe.String(unsafe.SliceData(value), len(value)) // the file's text stays
	if r.kind == "" {
		r.kind = "string"
		if _, ok := prefix(text); ok {
			r.kind = "ip"
		}
	}
	ok := true
	switch r.kind {
	case "ip":
		var p netip.Prefix
		r.set.typ = dissect.TIP
		if p, ok = prefix(text); ok {
			r.set.nets = append(r.set.nets, p)
		}
	case "int", "port":
		r.set.typ = map[string]dissect.Type{"int": dissect.TInt, "port": dissect.TPort}[r.kind]
		v, err := strconv.ParseInt(text, 0, 64)
		if ok = err == nil && (r.kind == "int" || v >= 0 && v <= maxPort); ok {
			r.set.ranges = append(r.set.ranges, ir.Range{Lo: v, Hi: v})
		}
	default:
		r.set.typ = dissect.TString
		if n := r.hash(); n > 0 {
			ok = len(text) == 2*n
			if ok {
				_, err := hex.DecodeString(text)
				ok = err == nil
			}
		}
		if r.kind == "domain" {
			text = strings.TrimSuffix(text, ".")
			ok = !strings.ContainsAny(text, "/:*@ \t\"'")
		}
		if ok {
			r.set.strs = append(r.set.strs, text)
		}
	}
	if !ok {
		at := diag.Pos{Line: line, Col: 1}
		d := diag.ListEntry(diag.Range{Start: at, End: at}, text, r.kind)
		d.File = r.file
		r.bad = append(r.bad, d)
	}
	return len(r.bad) < maxListErrors
}

func prefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}
