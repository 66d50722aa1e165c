package watch

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now is the time by the clock that files get their times from, which goes in steps of some milliseconds: what is read from
// now on has all that was written at an earlier time by this clock.
func Now() time.Time {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &ts) != nil {
		return time.Now().Add(-tick)
	}
	return time.Unix(ts.Unix())
}
