package lua

import (
	"maps"
	"strings"
)

// TakeOver makes rt the successor of a Runtime that has run until now, without running any of it again: a script
// that is the same in both goes on with all its variables, where a script that was changed gets what the stores and
// cooldowns of its predecessor hold, and one that is gone runs its exit handlers. It is called once, between two events, by the goroutine that runs both. old is
// of no use afterwards but for Close.
func (rt *Runtime) TakeOver(old *Runtime) {
	rt.now, rt.began = max(rt.now, old.now), old.began
	for i, v := range rt.vms {
		o := old.named(v.prog.name)
		switch {
		case o == nil:
		case rt.continues(v, o):
			rt.vms[i] = rt.transplant(old, v, o)
		case !o.stopped:
			v.inherit(o)
		}
	}
	if !rt.worker {
		for _, o := range old.vms {
			if rt.named(o.prog.name) == nil {
				o.exit()
			}
		}
	}
	rt.recount()
}

// TakeOver is Runtime.TakeOver for a worker's own VMs.
func (w *Worker) TakeOver(old *Worker) {
	w.rt.TakeOver(old.rt)
	for _, v := range w.rt.vms {
		w.vms[v.index] = v
	}
}

func (rt *Runtime) named(name string) *vm {
	for _, v := range rt.vms {
		if v.prog.name == name {
			return v
		}
	}
	return nil
}

// continues tells whether o, which has run, is what v would become: the same text, modules and settings. A script that was
// stopped for what it did is not tried again unless it was changed.
func (rt *Runtime) continues(v, o *vm) bool {
	return v.prog.text == o.prog.text && v.sameModules(o) && v.sameSettings(o) &&
		v.parallel == o.parallel && len(v.handlers) == len(o.handlers) && len(v.predicates) == len(o.predicates)
}

func (v *vm) sameModules(o *vm) bool { return maps.Equal(v.required, o.required) }

// sameSettings compares what a script reads of the configuration.
func (v *vm) sameSettings(o *vm) bool {
	if v.settings() != o.settings() {
		return false
	}
	return maps.Equal(v.rt.opt.Vars, o.rt.opt.Vars)
}

// depends notes something besides its own text that a script was made of.
func (v *vm) depends(name, text string) {
	if v.required == nil {
		v.required = map[string]string{}
	}
	v.required[name] = text
}

// settings tells the values of all parameters of a script's detectors.
func (v *vm) settings() string {
	var b []byte
	for _, d := range v.detectors {
		b = append(b, d.ID...)
		b = append(b, d.Severity...)
		if d.enabled {
			b = append(b, '+')
		}
		for i := range d.Params {
			b = append(append(b, '\n'), d.Params[i].Name...)
			b = AppendJSON(append(b, '='), d.Params[i].Value)
		}
	}
	return string(b)
}

// transplant puts o in the place of v, with the numbers that v has.
func (rt *Runtime) transplant(old *Runtime, v, o *vm) *vm {
	for i := range o.handlers {
		o.handlers[i].sub = v.handlers[i].sub
	}
	// A watchdog reads the limits of what it watches: they change while none does.
	old.watch.remove(o)
	rt.watch.remove(v)
	o.index, o.rt, o.limits = v.index, rt, v.limits
	rt.watch.add(o)
	for i, x := range old.vms {
		if x == o {
			old.vms = append(old.vms[:i:i], old.vms[i+1:]...)
			break
		}
	}
	v.close()
	return o
}

// inherit gives a changed script what its predecessor has gathered.
func (v *vm) inherit(o *vm) {
	for _, s := range v.stores {
		for _, t := range o.stores {
			if s.name == t.name && s.shape() == t.shape() {
				s.take(t)
			}
		}
	}
	for _, d := range v.detectors {
		for _, e := range o.detectors {
			if d.ID == e.ID && d.last != nil && e.last != nil && d.last.shape() == e.last.shape() {
				d.last.take(e.last)
			}
		}
	}
	for i := range v.ticks {
		if i < len(o.ticks) && v.ticks[i].every == o.ticks[i].every {
			v.ticks[i].next = o.ticks[i].next
		}
	}
}

// recount counts the scripts that wait in nids.next.
func (rt *Runtime) recount() {
	rt.nexts = 0
	for _, v := range rt.vms {
		if v.waiting == waitNext {
			rt.nexts++
		}
	}
}

func (w *watchdog) remove(v *vm) {
	w.mu.Lock()
	delete(w.vms, v)
	w.mu.Unlock()
}

// Modules gives the texts of the modules that scripts required, by file name within the folders of Options.Modules.
func (rt *Runtime) Modules() map[string]string {
	out := map[string]string{}
	for _, v := range rt.vms {
		for name, text := range v.required {
			if !strings.HasPrefix(name, listPrefix) {
				out[name] = text
			}
		}
	}
	return out
}

// Changes tells what is different from a Runtime that rt is to take the place of: the names of scripts. It reads only
// what does not change once scripts are loaded, so that the other one may be running.
func (rt *Runtime) Changes(old *Runtime) (added, removed, changed []string) {
	for _, v := range rt.vms {
		switch o := old.named(v.prog.name); {
		case o == nil:
			added = append(added, v.prog.name)
		case !rt.continues(v, o):
			changed = append(changed, v.prog.name)
		}
	}
	for _, o := range old.vms {
		if rt.named(o.prog.name) == nil {
			removed = append(removed, o.prog.name)
		}
	}
	return added, removed, changed
}

// listPrefix begins the names of lists among what a script depends on.
const listPrefix = "list "

// Len is the number of scripts.
func (rt *Runtime) Len() int { return len(rt.vms) }
