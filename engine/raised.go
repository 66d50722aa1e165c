package engine

import (
	"sync"

	"github.com/luanids/luanids/engine/alert"
)

// alerts of rules are used again: workers take them, and the ordered stage gives one back when it is done with the last record
// that points to it. Sinks and the alert manager keep copies only.
var alerts = sync.Pool{New: func() any { return &alert.Alert{} }}

// keepCaptured is how much memory for captured values an alert keeps for the next one, bytes.
const keepCaptured = 1 << 10

func newAlert() *alert.Alert { return alerts.Get().(*alert.Alert) }

// recycle takes back an alert of which one record less is on its way; those of scripts and intelligence are not counted.
func recycle(a *alert.Alert) {
	if a.Records == 0 {
		return
	}
	if a.Records--; a.Records > 0 {
		return
	}
	captured, reported := a.Captured[:0], a.Reported[:0]
	if cap(captured) > keepCaptured {
		captured = nil
	}
	clear(a.Reported)
	*a = alert.Alert{Captured: captured, Reported: reported}
	alerts.Put(a)
}
