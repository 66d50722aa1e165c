package engine

import (
	"slices"
	"sync"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/protocols"
)

// cappedPrefix is that of the counters of Spec.Caps.
const cappedPrefix = "capped."

// parserCapped counts that a cap of a parser was reached.
func (w *worker) parserCapped(s *dissect.Spec, n int) {
	if counts := w.apps.capped[s.Index()]; n < len(counts) {
		counts[n]++
	}
}

// capCounters tells how often the caps of parsers were reached.
func (e *Engine) capCounters(c func(string, uint64)) {
	for _, s := range e.schema.Specs {
		for i, x := range s.Caps {
			var sum uint64
			for _, w := range e.workers {
				if counts := w.apps.capped[s.Index()]; i < len(counts) {
					sum += counts[i]
				}
			}
			c(cappedPrefix+s.Name+"."+x.Name, sum)
		}
	}
	var frames uint64
	for _, w := range e.workers {
		frames += w.ctx.FramesCut
	}
	c(cappedPrefix+"frames", frames)
}

// documented is counterDocs with the counters of Spec.Caps in it, which the protocols describe themselves.
var documented = sync.OnceValue(func() []CounterDoc {
	at := slices.IndexFunc(counterDocs, func(d CounterDoc) bool { return d.Name == "app_layer."+cappedPrefix+"frames" })
	list := slices.Clone(counterDocs[:at+1])
	for _, s := range protocols.All(func(string) map[string]string { return nil }) {
		for _, x := range s.Caps {
			list = append(list, CounterDoc{"app_layer." + cappedPrefix + s.Name + "." + x.Name, false, x.Doc})
		}
	}
	return append(list, counterDocs[at+1:]...)
})
