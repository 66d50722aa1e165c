package match

import "github.com/luanids/luanids/lang/mpm"

// ProbeSlot is for tuning.
var ProbeHook func(event, name string, set *mpm.Set, data []byte)

// DumpLoose is for tuning.
func (p *Program) DumpLoose(f func(ev string, part int, r *Rule, hdr []string)) {
	for ev, ep := range p.events {
		if ep == nil {
			continue
		}
		for k, pt := range ep.parts {
			if pt == nil {
				continue
			}
			for _, x := range pt.loose {
				f(p.schema.Events[ev].Name, k, p.Rules[x.rule], p.headerText(p.Rules[x.rule]))
			}
		}
	}
}
