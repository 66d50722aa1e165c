package engine

// pressureCounters tells how full the memory caps are, percent: that of the caps of shards which is fullest, now and at its worst.
func (e *Engine) pressureCounters(c func(string, uint64)) {
	var worst uint64
	share := func(used, limit uint64) {
		if limit > 0 {
			worst = max(worst, min(100, used*100/limit))
		}
	}
	for _, w := range e.workers {
		for _, a := range w.streams {
			if a != nil {
				share(a.MemShare())
			}
		}
		for i := range w.budgets {
			share(uint64(max(w.budgets[i].Used, 0)), uint64(w.budgets[i].Max))
		}
	}
	for {
		old := e.pressureMax.Load()
		if worst <= old || e.pressureMax.CompareAndSwap(old, worst) {
			break
		}
	}
	c("pressure", worst)
	c("pressure_max", e.pressureMax.Load())
}
