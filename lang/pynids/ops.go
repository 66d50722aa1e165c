package pynids

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/lang/regex"
	"github.com/luanids/luanids/lang/syntax"
)

// list gives the values of in and not_in.
func (t *test) list() ([]*yaml.Node, error) {
	if t.v.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("value: must be a list, such as [80, 8080]")
	}
	if len(t.v.Content) == 0 {
		return nil, errors.New("the list is empty")
	}
	return items(t.v), nil
}

func (t *test) wrongOp(use string) error { return fmt.Errorf("the field is %s: use %s", t.f.kind, use) }

// inSet writes x in {..} or its negation, from values that are written already.
func (t *test) inSet(write func(*yaml.Node) (string, error)) (string, error) {
	list, err := t.list()
	if err != nil {
		return "", err
	}
	var parts []string
	for _, v := range list {
		s, err := write(v)
		if err != nil {
			return "", err
		}
		parts = append(parts, s)
	}
	set := "{" + strings.Join(parts, ", ") + "}" + t.nocase()
	if t.op == "not_in" {
		return t.differs("not in", set), nil
	}
	return t.x + " in " + set, nil
}

func (t *test) nocase() string {
	if t.f.kind == kindName {
		return " nocase"
	}
	return ""
}

// onText writes tests of texts and bytes. Names of hosts are compared in any case, everything else as it is.
func (t *test) onText() (string, error) {
	if t.op == "in" || t.op == "not_in" {
		return t.inSet(t.quote)
	}
	if t.op == "regex" {
		return t.pattern()
	}
	s, err := t.quote(t.v)
	if err != nil {
		return "", err
	}
	s += t.nocase()
	op := t.op
	if op == "contains" && t.f.multi && t.f.wasList {
		op = "eq" // an element of the list
	}
	switch op {
	case "eq":
		return t.x + " == " + s, nil
	case "ne":
		return t.differs("!=", s), nil
	case "contains", "startswith", "endswith":
		if len(t.v.Value) == 0 {
			return t.there(), nil
		}
		return t.x + " " + op + " " + s, nil
	}
	return "", t.wrongOp("eq, ne, in, not_in, contains, startswith, endswith, regex or exists")
}

// quote writes a value as a literal.
func (t *test) quote(v *yaml.Node) (string, error) {
	if v.Kind != yaml.ScalarNode {
		return "", errors.New("value: must be a text")
	}
	if v.Tag == "!!binary" {
		var b []byte
		var s string
		if err := v.Decode(&s); err != nil {
			return "", errors.New("value: is no base64")
		}
		b = []byte(s)
		return syntax.QuoteBytes(string(b)), nil
	}
	if v.Tag != "!!str" {
		return "", fmt.Errorf("value: %s is a number or truth value, and the field a text: put it in quotes", v.Value)
	}
	s := v.Value
	if t.f.spell != nil {
		s = t.f.spell(s)
	}
	if t.f.kind == kindPayload {
		for i := range len(s) {
			if s[i] >= 0x80 {
				return "", errors.New("which bytes are meant by characters above 127? Write them as !!binary with base64")
			}
		}
	}
	return syntax.Quote(s), nil
}

// pattern writes a regular expression: Python's re.search in any case.
func (t *test) pattern() (string, error) {
	if t.v.Kind != yaml.ScalarNode {
		return "", errors.New("value: must be a regular expression")
	}
	re := strings.ReplaceAll(t.v.Value, `\Z`, `\z`) // Python's \Z is the very end
	if re == "" {
		return t.there(), nil
	}
	if strings.ContainsAny(re, "\n\r") && strings.Contains(re, "(?") && strings.Contains(re, "x)") {
		return "", errors.New("an expression of several lines: write it on one")
	}
	var bad *regex.Error
	if _, err := regex.Compile(re, regex.CaseInsensitive); errors.As(err, &bad) {
		return "", fmt.Errorf("%s at character %d of %s", bad.Msg, bad.Offset+1, syntax.Quote(re))
	} else if err != nil {
		return "", err
	}
	return t.x + " ~ " + regex.Quote(re, "i"), nil
}

// symbols are the comparisons of numbers.
var symbols = map[string]string{"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "lte": "<=", "gte": ">="}

func (t *test) onNumber() (string, error) {
	if t.op == "in" || t.op == "not_in" {
		if t.f.kind == kindInt {
			return t.inSet(t.number)
		}
		return "", t.wrongOp("eq, lt, gt, lte or gte")
	}
	sign, ok := symbols[t.op]
	if !ok {
		return "", t.wrongOp("eq, ne, lt, gt, lte, gte, in, not_in or exists")
	}
	v, err := t.number(t.v)
	if err != nil {
		return "", err
	}
	if t.op == "ne" {
		return t.differs(sign, v), nil
	}
	return t.x + " " + sign + " " + v, nil
}

func (t *test) number(v *yaml.Node) (string, error) {
	if v.Kind != yaml.ScalarNode || v.Tag != "!!int" && v.Tag != "!!float" {
		if _, err := strconv.ParseFloat(v.Value, 64); err == nil {
			return "", fmt.Errorf("value: %q is a text, and the field a number: write it without quotes", v.Value)
		}
		return "", fmt.Errorf("value: %q is no number, and the field is one", v.Value)
	}
	var f float64
	if err := v.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return "", fmt.Errorf("value: %s is no number that can be compared", v.Value)
	}
	switch {
	case t.f.kind == kindFloat:
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s, nil
	case t.f.kind == kindSeconds:
		if f <= 0 || f > 1e9 {
			return "", fmt.Errorf("value: %s seconds are none that can be compared", v.Value)
		}
		return millis(f), nil
	case f != math.Trunc(f) || math.Abs(f) > 1<<53:
		return "", fmt.Errorf("value: %s is no whole number", v.Value)
	}
	return strconv.FormatInt(int64(f), 10), nil
}

func (t *test) onAddr() (string, error) {
	switch t.op {
	case "eq":
		v, err := address(t.v)
		return t.x + " in {" + v + "}", err
	case "ne":
		v, err := address(t.v)
		return t.differs("not in", "{"+v+"}"), err
	case "in", "not_in":
		return t.inSet(address)
	case "startswith", "contains":
		if p, ok := octets(t.v.Value); ok && t.op == "startswith" {
			return t.x + " in {" + p + "}", nil
		}
		return "", fmt.Errorf("the field is an address: use in with a network, such as [10.0.0.0/8]")
	}
	return "", t.wrongOp("eq, ne, in or not_in with addresses or networks, or exists")
}

// address writes an address or a network; PyNIDS compares text, so that a network means itself.
func address(v *yaml.Node) (string, error) {
	s := scalar(v)
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked().String(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return "", fmt.Errorf("value: %q is neither an address nor a network", s)
	}
	return a.String(), nil
}

// octets makes a network of the beginning of an address: "10.1." is 10.1.0.0/16.
func octets(s string) (string, bool) {
	n := strings.Count(s, ".")
	if !strings.HasSuffix(s, ".") || n > 3 {
		return "", false
	}
	a, err := netip.ParseAddr(s + strings.Repeat("0.", 3-n) + "0")
	if err != nil {
		return "", false
	}
	return netip.PrefixFrom(a, 8*n).String(), true
}

// onBool writes tests of truth values; with f.cond of what a condition of ours tells.
func (t *test) onBool() (string, error) {
	if t.op != "eq" && t.op != "ne" {
		return "", t.wrongOp("eq or ne with true or false, or exists")
	}
	var want bool
	if t.v.Tag != "!!bool" || t.v.Decode(&want) != nil {
		return "", fmt.Errorf("value: must be true or false, not %q", t.v.Value)
	}
	if t.op == "ne" {
		want = !want
	}
	cond := t.f.cond
	if cond == "" {
		cond = t.x
	}
	if want {
		return cond, nil
	}
	return t.and("not " + cond), nil
}

// protocols are what protocol can be, as a condition.
var protocols = map[string]string{"tcp": "tcp", "udp": "udp", "icmp": "icmpv4", "icmpv6": "icmpv6", "sctp": "sctp", "arp": "arp", "ip": "ip",
	"ipv4": "ipv4", "ipv6": "ipv6", "igmp": "igmp"}

func (t *test) onProto() (string, error) {
	if t.op == "in" || t.op == "not_in" {
		list, err := t.list()
		if err != nil {
			return "", err
		}
		var parts []string
		for _, v := range list {
			s, err := protocol(v)
			if err != nil {
				return "", err
			}
			parts = append(parts, s)
		}
		cond := "(" + strings.Join(parts, " or ") + ")"
		if t.op == "not_in" {
			return "not " + cond, nil
		}
		return cond, nil
	}
	if t.op != "eq" && t.op != "ne" {
		return "", t.wrongOp("eq, ne, in or not_in")
	}
	s, err := protocol(t.v)
	if t.op == "ne" {
		s = "not " + s
	}
	return s, err
}

func protocol(v *yaml.Node) (string, error) {
	s := strings.ToLower(scalar(v))
	if cond, ok := protocols[s]; ok {
		return cond, nil
	}
	if n, err := strconv.ParseUint(s, 10, 8); err == nil {
		return fmt.Sprintf("ip.proto == %d", n), nil
	}
	switch s {
	case "http", "dns", "tls", "ssh", "smtp":
		return "flow.app == " + syntax.Quote(s), nil
	}
	return "", fmt.Errorf("value: unknown protocol %q: tcp, udp, icmp, icmpv6, sctp, arp, ip, http, dns, tls, ssh, smtp or a number", v.Value)
}

// flagLetters are Scapy's letters of the TCP flags, the lowest bit first, which is the order that it writes them in.
const flagLetters = "FSRPAUEC"

func (t *test) onFlags() (string, error) {
	if sign := symbols[t.op]; t.v.Tag == "!!int" && (t.op == "eq" || t.op == "ne") {
		v, err := t.number(t.v)
		return t.and("tcp.flags " + sign + " " + v), err
	}
	switch t.op {
	case "eq", "ne", "contains", "startswith":
		lo, hi, bits, err := flagBits(t.v)
		if err != nil {
			return "", err
		}
		mask := 1<<(hi+1) - 1
		if t.op == "contains" {
			mask &^= 1<<lo - 1 // letters that stand side by side: none between is set
		}
		switch t.op {
		case "eq":
			return fmt.Sprintf("tcp.flags == %d", bits), nil
		case "ne":
			return t.and(fmt.Sprintf("tcp.flags != %d", bits)), nil
		}
		return fmt.Sprintf("tcp.flags & %d == %d", mask, bits), nil
	case "in", "not_in":
		return t.inSet(func(v *yaml.Node) (string, error) {
			if v.Tag == "!!int" {
				return t.number(v)
			}
			_, _, bits, err := flagBits(v)
			return strconv.Itoa(bits), err
		})
	}
	return "", t.wrongOp(`eq, ne, in, not_in, contains or startswith with Scapy's letters, such as "S" or "SA"`)
}

// flagBits reads letters: the lowest and the highest bit, and all of them.
func flagBits(v *yaml.Node) (lo, hi, bits int, err error) {
	s, last := scalar(v), -1
	for i := range len(s) {
		n := strings.IndexByte(flagLetters, s[i])
		if n <= last {
			return 0, 0, 0, fmt.Errorf("value: %q is none of Scapy's flags, letters of %s in this order", s, flagLetters)
		}
		if last < 0 {
			lo = n
		}
		bits |= 1 << n
		last = n
	}
	if last < 0 {
		return 0, 0, 0, errors.New("value: is empty")
	}
	return lo, last, bits, nil
}
