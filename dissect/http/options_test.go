package http

import (
	"reflect"
	"testing"
)

// TestParseOptions is the settings of http records, as the guide has them.
func TestParseOptions(t *testing.T) {
	names := []string{"accept_encoding", "x_requested_with"}
	for _, c := range []struct {
		set  map[string]string
		want EVEOptions
	}{
		{nil, EVEOptions{Extended: true}},
		{map[string]string{"extended": "no"}, EVEOptions{}},
		{map[string]string{"extended": "yes", "dump-all-headers": "both"}, EVEOptions{Extended: true, DumpHeaders: "both"}},
		{map[string]string{"custom": "[Accept-Encoding, X-Requested-With]"}, EVEOptions{Extended: true, Custom: names}},
		{map[string]string{"custom": "accept_encoding,x_requested_with"}, EVEOptions{Extended: true, Custom: names}},
		{map[string]string{"custom.0": "Accept-Encoding", "custom.1": "x_requested_with"}, EVEOptions{Extended: true, Custom: names}},
	} {
		if got := ParseOptions(c.set); !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%v: %+v, want %+v", c.set, *got, c.want)
		}
	}
}
