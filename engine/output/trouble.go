package output

import (
	"fmt"
	"time"
)

// trouble tells people when an output fails and when it works again, without saying the same over and over.
type trouble struct {
	name, what string // of the output; alerts or records
	warn       func(format string, args ...any)
	failing    bool
	lost       int // since it fails
	said       time.Time
	first      error // the first of the run
}

// begin notes that the output could not be opened, which was said.
func (t *trouble) begin(err error) { t.failing, t.said, t.first = true, time.Now(), err }

// failed notes that n were lost.
func (t *trouble) failed(n int, err error) {
	t.lost += n
	if t.first == nil {
		t.first = err
	}
	if t.failing {
		return
	}
	t.failing = true
	if t.due() {
		t.warn("output %s: %v; the engine runs on, and what is lost from here on is counted", t.name, err)
	}
}

// worked notes that something was written.
func (t *trouble) worked() {
	if !t.failing {
		return
	}
	t.failing = false
	t.warn("output %s: works again; %s meanwhile", t.name, t.losses())
	if t.lost == 0 {
		t.first = nil // nothing came of it
	}
	t.lost = 0
}

func (t *trouble) losses() string {
	switch t.lost {
	case 0:
		return "nothing was lost"
	case 1:
		return "1 of the " + t.what + " was lost"
	}
	return fmt.Sprintf("%d %s were lost", t.lost, t.what)
}

// failAgain is the time between two failures that are said.
const failAgain = 10 * time.Second

// due tells whether a failure may be said: an output that fails and works by turns must not flood the log.
func (t *trouble) due() bool {
	if now := time.Now(); t.said.IsZero() || now.Sub(t.said) >= failAgain {
		t.said = now
		return true
	}
	return false
}

// retryEvery is how often an output is tried again that could not be opened.
const retryEvery = time.Second

// retry spaces attempts to open something, and keeps the last error in between.
type retry struct {
	next time.Time
	err  error
}

// do tries open, unless that failed a moment ago.
func (r *retry) do(open func() error) error {
	now := time.Now()
	if r.err != nil && now.Before(r.next) {
		return r.err
	}
	if r.err = open(); r.err != nil {
		r.next = now.Add(retryEvery)
	}
	return r.err
}
