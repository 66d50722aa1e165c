package modbus

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
)

// TestLengthsThatLie: servers made of libmodbus do not look at the length in the header, so nobody may hide requests behind a wrong one.
func TestLengthsThatLie(t *testing.T) {
	lie := func(transaction, length int) string { return w16(transaction, 0, length) + "\x01\x06" + w16(9, 77) }
	next, several := adu(2, 6, w16(5, 1)), w16(1, 0, 3)+"\x01\x10"+w16(9, 1)+"\x02"+w16(77)
	const first = `modbus.request to_server modbus.request.error_flags=["DATA_LENGTH"] modbus.transaction_id=1 modbus.written.address=[10] modbus.written.value=[77]`
	const second = `modbus.request to_server modbus.transaction_id=2 modbus.written.address=[6] modbus.written.value=[1]`
	for name, c := range map[string]struct {
		segments []string
		want     []string
	}{
		"too long":                        {[]string{lie(1, 200)}, []string{first}},
		"and the next":                    {[]string{lie(1, 200), next}, []string{first, second}},
		"and the next with it":            {[]string{lie(1, 200) + next}, []string{first, second}},
		"two in one":                      {[]string{lie(1, 18) + next}, []string{first, second}},
		"in two pieces":                   {[]string{lie(1, 200)[:9], lie(1, 200)[9:], next[:3], next[3:]}, []string{first, second}},
		"much too long":                   {[]string{lie(1, 60000), next}, []string{first, second}},
		"too short":                       {[]string{lie(1, 2)}, []string{first}},
		"too short, and the next with it": {[]string{lie(1, 2) + next}, []string{first, second}},
		"none":                            {[]string{lie(1, 0), next}, []string{first, second}},
		"several, too short":              {[]string{several, next}, []string{first, second}},
		"really so long":                  {[]string{lie(1, 200) + "filler", strings.Repeat("x", 188) + next}, []string{first, second}},
		"so long, with zeros":             {[]string{lie(1, 200), strings.Repeat("\x00", 194), next}, []string{first, second}},
	} {
		r := recorder("modbus.transaction_id", "modbus.request.error_flags", "modbus.written.address", "modbus.written.value")
		for _, s := range c.segments {
			r.Data(ts, s)
		}
		var got []string
		for _, l := range r.Lines {
			if strings.HasPrefix(l, "modbus.request ") {
				got = append(got, strings.TrimSpace(l))
			}
		}
		r.End(dissect.EndFIN)
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") || !strings.Contains(r.Text(), "anomaly modbus.invalid_length\n") {
			t.Errorf("%s: got\n%s\nwant\n%s", name, r.Text(), strings.Join(c.want, "\n"))
		}
	}
}
