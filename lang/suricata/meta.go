package suricata

import (
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

func msg(b *builder, v string) *problem {
	if strings.HasPrefix(v, `"`) || strings.Contains(v, `"`) {
		if err := quoted(v); err != nil {
			return err
		}
	}
	b.r.Msg = unquote(v)
	return nil
}

func sid(b *builder, v string) *problem {
	n, ok := u32(strings.Trim(v, `"`))
	if !ok || n == 0 {
		return fail("%q is no sid", v)
	}
	if b.r.SID != 0 {
		return fail("the rule has two")
	}
	b.r.SID = n
	return nil
}

func gid(b *builder, v string) *problem {
	n, ok := u32(v)
	if !ok {
		return fail("%q is no number", v)
	}
	b.r.GID = n
	return nil
}

func rev(b *builder, v string) *problem {
	n, ok := u32(v)
	if !ok {
		return fail("%q is no number", v)
	}
	b.r.Rev = n
	return nil
}

func classtype(b *builder, v string) *problem {
	b.r.Classtype = strings.ToLower(v)
	return nil
}

func priority(b *builder, v string) *problem {
	n, err := strconv.ParseUint(v, 10, 8)
	if err != nil || n == 0 {
		return fail("must be 1 to 255")
	}
	b.priority = int(n)
	return nil
}

func reference(b *builder, v string) *problem {
	kind, value, ok := strings.Cut(v, ",")
	if !ok {
		return fail("wants kind,value")
	}
	b.r.References = append(b.r.References, ir.KV{Key: strings.TrimSpace(kind), Value: strings.TrimSpace(value)})
	return nil
}

// metadata reads "key value, key value". A mitre_technique_id also becomes the rule's technique.
func metadata(b *builder, v string) *problem {
	b.r.Metadata = slices.Grow(b.r.Metadata, strings.Count(v, ",")+1)
	for len(v) > 0 {
		var kv string
		kv, v, _ = strings.Cut(v, ",")
		kv = strings.TrimSpace(kv)
		key, value, _ := strings.Cut(kv, " ")
		if key == "" {
			continue
		}
		value = strings.TrimSpace(value)
		b.r.Metadata = append(b.r.Metadata, ir.KV{Key: key, Value: value})
		if key == "mitre_technique_id" {
			if id := strings.Replace(value, "_", ".", 1); isTechnique(id) {
				b.r.MITRE = append(b.r.MITRE, id)
			}
		}
	}
	return nil
}

// isTechnique tells whether s is the id of an ATT&CK technique: T1071, T1071.001.
func isTechnique(s string) bool {
	const form = "T0000.000"
	if len(s) != len("T0000") && len(s) != len(form) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; form[i] != '0' && c != form[i] || form[i] == '0' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func target(b *builder, v string) *problem {
	switch v {
	case "src_ip", "dest_ip":
		b.r.Target = v
		return nil
	}
	return fail("wants src_ip or dest_ip")
}

func noalert(b *builder, v string) *problem {
	b.r.NoAlert = true
	return nil
}

// alertToo makes a pass rule alert; others do anyway.
func alertToo(b *builder, v string) *problem {
	b.r.PassAlerts = b.r.Action == ir.Pass
	return nil
}

// engineVersion is the version of Suricata whose syntax this is, for requires.
var engineVersion = []int{8, 0, 6}

// requires checks what a rule says that it needs.
func requires(b *builder, v string) *problem {
	for _, p := range list(v) {
		what, arg, _ := strings.Cut(p, " ")
		arg = strings.TrimSpace(arg)
		switch what {
		case "version":
			if !versionIn(arg) {
				return fail("the rule is for version %s", arg)
			}
		case "keyword":
			if b.l.keywords[arg] == nil && stickyBuffers[arg] == nil && b.l.schema.Field(arg) == nil {
				return fail("the rule needs the keyword %s", arg)
			}
		case "feature":
			if arg != "ja3" && arg != "ja4" || b.l.opt.Without[arg] {
				return fail("the rule needs the feature %s", arg)
			}
		default:
			return fail("the rule needs %s", p)
		}
	}
	return nil
}

// versionIn tells whether engineVersion fulfils ">= 7.0.3 < 8 | >= 8.0.1".
func versionIn(s string) bool {
	for _, alt := range strings.Split(s, "|") {
		f := strings.Fields(alt)
		ok := len(f) > 0 && len(f)%2 == 0
		for i := 0; ok && i+1 < len(f); i += 2 {
			c := compareVersion(f[i+1])
			switch f[i] {
			case ">=":
				ok = c >= 0
			case ">":
				ok = c > 0
			case "<":
				ok = c < 0
			case "<=":
				ok = c <= 0
			default:
				ok = false
			}
		}
		if ok {
			return true
		}
	}
	return false
}

func compareVersion(s string) int {
	parts := strings.Split(s, ".")
	for i, have := range engineVersion {
		want := 0
		if i < len(parts) {
			want, _ = strconv.Atoi(parts[i])
		}
		if have != want {
			return have - want
		}
	}
	return 0
}
