package suricata

import (
	"fmt"
	"strings"

	"github.com/luanids/luanids/lang/regex"
)

func compilePCRE(s string) (*regex.Regex, regex.Modifiers, error) {
	var m regex.Modifiers
	end := strings.LastIndexByte(s, '/')
	if len(s) < 2 || s[0] != '/' || end == 0 {
		return nil, m, fmt.Errorf("no /")
	}
	var f regex.Flags
	for _, c := range s[end+1:] {
		switch c {
		case 'i':
			f |= regex.CaseInsensitive
		case 's':
			f |= regex.DotAll
		case 'm':
			f |= regex.MultiLine
		case 'x':
			f |= regex.Extended
		case 'A':
			f |= regex.Anchored
		case 'E':
			f |= regex.DollarEndOnly
		case 'G':
			f |= regex.Ungreedy
		case 'R':
			m.Relative = true
		default:
			m.Buffer += string(c)
		}
	}
	re, err := regex.Compile(s[1:end], f)
	return re, m, err
}
