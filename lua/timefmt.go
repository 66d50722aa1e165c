package lua

import (
	"strings"
	"time"

	glua "github.com/yuin/gopher-lua"
)

func nidsTimeFormat(L *glua.LState) int {
	at := time.Unix(0, nanos(float64(L.CheckNumber(1)))).UTC()
	if L.Get(2) == glua.LNil {
		L.Push(glua.LString(at.Round(time.Microsecond).Format("2006-01-02T15:04:05.000000Z")))
		return 1
	}
	L.Push(glua.LString(strftime(L.CheckString(2), at)))
	return 1
}

// layouts are the conversions of strftime as layouts of package time.
var layouts = map[byte]string{'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'Z': "MST",
	'F': "2006-01-02", 'T': "15:04:05", 'j': "002"}

// strftime formats a time as os.date does.
func strftime(format string, at time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch layout, ok := layouts[format[i]]; {
		case ok:
			b.WriteString(at.Format(layout))
		case format[i] == 'w':
			b.WriteByte('0' + byte(at.Weekday()))
		default:
			b.WriteByte(format[i])
		}
	}
	return b.String()
}

// dateTable is what os.date("*t") gives.
func dateTable(L *glua.LState, at time.Time) *glua.LTable {
	t := L.NewTable()
	for _, kv := range []struct {
		k string
		n int
	}{{"year", at.Year()}, {"month", int(at.Month())}, {"day", at.Day()}, {"hour", at.Hour()}, {"min", at.Minute()},
		{"sec", at.Second()}, {"wday", int(at.Weekday()) + 1}, {"yday", at.YearDay()}} {
		t.RawSetString(kv.k, glua.LNumber(kv.n))
	}
	t.RawSetString("isdst", glua.LFalse)
	return t
}
