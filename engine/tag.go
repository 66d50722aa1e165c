package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
)

// Tags ask for the packets after an alert to be logged, as records of type "packet": those of the alert's
// session, which its worker knows, or those of a host, which only the ordered stage can tell. A packet is
// logged once, however many tags it has.

// Caps of tags.
const (
	maxFlowTags = 16
	maxTagHosts = 65536
)

// tagRun is a tag at work.
type tagRun struct {
	ir.TagPackets
	stamp uint64 // of the packet that raised the alert, which is not logged again
	since int64
	used  int64 // packets or bytes
}

// takes tells whether the tag asks for the packet, and over whether it is done.
func (t *tagRun) takes(stamp uint64, now int64, size int) (yes, over bool) {
	if stamp == t.stamp {
		return false, false
	}
	switch t.Measure {
	case "bytes":
		t.used += int64(size)
		over = t.used > t.Count
	case "seconds":
		over = (now-t.since)/1e9 > t.Count
	default:
		t.used++
		over = t.used > t.Count
	}
	return !over, over
}

// tagList are the tags of a flow or host.
type tagList struct{ runs []tagRun }

func (l *tagList) add(t *ir.TagPackets, stamp uint64, now int64) {
	for i := range l.runs {
		if old := &l.runs[i]; old.TagPackets == *t { // it begins anew
			old.stamp, old.since, old.used = stamp, now, 0
			return
		}
	}
	if len(l.runs) < maxFlowTags {
		l.runs = append(l.runs, tagRun{TagPackets: *t, stamp: stamp, since: now})
	}
}

// take tells whether a tag asks for the packet; those that are done go.
func (l *tagList) take(stamp uint64, now int64, size int) (any bool) {
	kept := l.runs[:0]
	for i := range l.runs {
		yes, over := l.runs[i].takes(stamp, now, size)
		any = any || yes
		if !over {
			kept = append(kept, l.runs[i])
		}
	}
	l.runs = kept
	return any
}

// tagSession begins the tags of a rule that matched on a flow: with the packet that the record of the alert names.
func (w *worker) tagSession(r *match.Rule, f *flowtable.Flow) {
	if !w.rules.tags || f == nil || w.eve == nil || !w.eve.Options().Alerts.Tagged {
		return
	}
	for _, e := range r.Effects {
		if t, ok := e.(*ir.TagPackets); ok && t.Host == "" {
			list, _ := f.Tags.(*tagList)
			if list == nil {
				list = &tagList{}
				f.Tags = list
			}
			list.add(t, w.stamp, w.now)
		}
	}
}

// tagged logs the packet at hand if its flow's tags ask for it, or hands it to the ordered stage if hosts may have tags.
func (w *worker) tagged(p *packet.Packet) {
	mine := false
	var f *dissect.Flow
	if w.flow != nil {
		f = &w.flow.Flow
		if list, _ := w.flow.Tags.(*tagList); list != nil {
			if mine = list.take(w.stamp, w.now, len(p.Data)); len(list.runs) == 0 {
				w.flow.Tags = nil
			}
		}
	}
	if w.eve == nil || !mine && (!w.rules.tagsHosts || p.IPVersion == 0) {
		return
	}
	buf := w.eve.Tagged(w.lines(), p, f, w.dir)
	if mine {
		w.line(buf)
		return
	}
	w.out.records = append(w.out.records, record{stamp: w.stamp, line: w.wrote(buf),
		tagged: &taggedPacket{src: p.Src, dst: p.Dst, now: w.now, size: len(p.Data)}})
}

// taggedPacket is a packet of which the ordered stage is to say whether it is logged.
type taggedPacket struct {
	src, dst packet.Addr
	now      int64
	size     int
}

// hostTags are the tags of hosts, owned by the ordered stage.
type hostTags map[packet.Addr]*tagList

// begin begins the tags of an alert.
func (h hostTags) begin(a *alert.Alert, stamp uint64) {
	for _, e := range a.Rule.Effects {
		t, ok := e.(*ir.TagPackets)
		if !ok || t.Host == "" {
			continue
		}
		host := packet.FromNetip(a.Src)
		if t.Host == "dst" {
			host = packet.FromNetip(a.Dst)
		}
		list := h[host]
		if list == nil {
			if len(h) >= maxTagHosts {
				return
			}
			list = &tagList{}
			h[host] = list
		}
		list.add(t, stamp, a.Time)
	}
}

// take tells whether a packet is to be logged.
func (h hostTags) take(p *taggedPacket, stamp uint64) (any bool) {
	for i, ip := range [...]packet.Addr{p.src, p.dst} {
		if i == 1 && ip == p.src {
			break
		}
		if list := h[ip]; list != nil {
			any = list.take(stamp, p.now, p.size) || any
			if len(list.runs) == 0 {
				delete(h, ip)
			}
		}
	}
	return any
}

// tagsHosts tells whether some rule tags hosts, and tagsAny whether some rule tags at all.
func tagsOf(p *match.Program) (tagsAny, tagsHosts bool) {
	for _, r := range p.Rules {
		for _, e := range r.Effects {
			if t, ok := e.(*ir.TagPackets); ok {
				tagsAny, tagsHosts = true, tagsHosts || t.Host != ""
			}
		}
	}
	return tagsAny, tagsHosts
}
