package eve

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect/jsonw"
)

// TestSuricataVersion: the version stands in every record, those about no packet too, once it is asked for.
func TestSuricataVersion(t *testing.T) {
	for _, on := range []bool{false, true} {
		o := DefaultOptions()
		o.Version = on
		line := string(NewEncoder(&o).Counters(nil, "stats", 0, func(*jsonw.Writer) {}))
		if has := strings.Contains(line, `"suricata_version":"`+o.Suricata+`"`); has != on {
			t.Errorf("%v: %s", on, line)
		}
	}
}

// TestSensorName: the sensor's name is host in every record, where it has one.
func TestSensorName(t *testing.T) {
	for _, name := range []string{"", "lobby \"1\""} {
		o := DefaultOptions()
		o.Sensor = name
		line := string(NewEncoder(&o).Counters(nil, "stats", 0, func(*jsonw.Writer) {}))
		if has := strings.Contains(line, `"host":"lobby \"1\""`); has != (name != "") {
			t.Errorf("%q: %s", name, line)
		}
	}
}

// TestTime compares with the library, over days, leap years and the times before 1970.
func TestTime(t *testing.T) {
	x := NewEncoder(&Options{})
	r := rand.New(rand.NewPCG(1, 1))
	times := []int64{0, -1, 1, 999, 1000, 86400e9 - 1, 86400e9, 951782399999999999, 951782400000000000, 1<<62 - 1, -1 << 61}
	for range 5000 {
		times = append(times, r.Int64N(4e18)-1e18)
	}
	for _, at := range times {
		var w jsonw.Writer
		x.Time(&w, at)
		want := fmt.Sprintf("%q", time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000000-0700"))
		if string(w.B) != want {
			t.Fatalf("%d: got %s, want %s", at, w.B, want)
		}
	}
}
