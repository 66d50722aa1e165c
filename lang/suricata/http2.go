package suricata

import (
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/http"
	"github.com/luanids/luanids/lang/ir"
)

// families says for a protocol of rules which protocols of flows it stands for, where that is more than itself: HTTP of any version,
// and DNS over HTTPS, which is all of the three.
var families = map[string][]string{
	"http": {"http", "http2", "doh2"}, "http2": {"http2", "doh2"}, "dns": {"dns", "doh2"},
}

// appTest is the condition that a flow's protocol is one of those that a rule's protocol stands for.
func appTest(app ir.Expr, name string) ir.Expr {
	if of := families[name]; of != nil {
		return &ir.In{X: app, Set: ir.NewStrSet(false, of...)}
	}
	return &ir.Cmp{Op: ir.Eq, X: app, Y: ir.Str(name)}
}

// appTest is that for the protocol of the rule's header. Contents without a buffer look at HTTP/1 only: the text of HTTP/2 is
// compressed, and they are scanned for in flows of one protocol.
func (b *builder) appTest() ir.Expr {
	if b.http1() || b.spec.Name == "http" && b.hasPayload() {
		return &ir.Cmp{Op: ir.Eq, X: b.l.common.app, Y: ir.Str("http")}
	}
	return b.l.apps[b.spec]
}

// http1 tells whether the rule is about HTTP/1 only, whose messages have the events of HTTP of any version.
func (b *builder) http1() bool {
	proto, _, _ := strings.Cut(b.h.proto, ":")
	return strings.EqualFold(proto, "http1")
}

// covers tells whether fields of a protocol may stand in the rule: those of its own, of the one whose events its own has, and of what
// its messages carry.
func (b *builder) covers(s *dissect.Spec) bool {
	return b.spec == s || b.spec.Owner() == s || b.spec.Name == "doh2" && s.CarriedBy(b.spec.Owner())
}

// sameFamily tells whether events or frames of protocol s may stand in a rule about protocol of: HTTP/2 in rules about HTTP.
func sameFamily(of, s *dissect.Spec) bool {
	return of == s || slices.Contains(families[of.Name], s.Name) || slices.Contains(families[s.Name], of.Name)
}

// http2Name makes the handler of a keyword whose value is the name of a number, or the number: DATA or 0.
func http2Name(field string, last uint32, name func(n uint32) string) handler {
	return func(b *builder, v string) *problem {
		f := b.l.schema.Field(field)
		if f == nil {
			return b.unknown(field)
		}
		v = strings.ToUpper(strings.TrimSpace(v))
		if n, err := strconv.ParseUint(v, 0, 32); err == nil {
			if v = name(uint32(n)); v == "" || n > uint64(last) {
				v = strconv.FormatUint(n, 10)
			}
		} else {
			var known []string
			for n := uint32(0); n <= last; n++ {
				known = append(known, name(n))
			}
			same := func(name string) bool { return strings.ReplaceAll(name, "_", "") == strings.ReplaceAll(v, "_", "") }
			if i := slices.IndexFunc(known, same); i >= 0 { // RST_STREAM and RSTSTREAM
				v = known[i]
			} else {
				return fail("there is no %s%s; there are: %s", v, didYouMean(v, known), strings.Join(known, ", "))
			}
		}
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
			return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str(v), Pos: b.pos()}, nil
		})
	}
}

const (
	lastFrameType = 9  // CONTINUATION
	lastErrorCode = 13 // HTTP_1_1_REQUIRED
)

func frameType(n uint32) string {
	if n > lastFrameType {
		return ""
	}
	return http.FrameType(uint8(n))
}

// http2Settings is the name of a setting, with a comparison of its value: SETTINGS_MAX_FRAME_SIZE>16384.
func http2Settings(b *builder, v string) *problem {
	v = strings.TrimSpace(v)
	end := strings.IndexAny(v, "<>=! ")
	if end < 0 {
		end = len(v)
	}
	name := v[:end]
	short, ok := strings.CutPrefix(strings.ToUpper(name), "SETTINGS_")
	f := b.l.schema.Field("http2.settings." + strings.ToLower(short))
	if !ok || f == nil {
		var known []string
		for _, n := range http.Settings {
			known = append(known, "SETTINGS_"+strings.ToUpper(n))
		}
		slices.Sort(known)
		return fail("there is no setting %s%s; there are: %s", name, didYouMean(strings.ToUpper(name), known), strings.Join(known, ", "))
	}
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
		rest := strings.TrimSpace(v[end:])
		if rest == "" {
			return &ir.Exists{X: x}, nil
		}
		c, err := parseCmp(rest)
		if err == nil {
			err = c.fits("http2.settings")
		}
		if err != nil {
			return nil, err
		}
		return c.on(x), nil
	})
}
