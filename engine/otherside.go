package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
)

// mismatch is the anomaly of a flow whose sides speak different protocols, by Suricata's name.
var mismatch = anomalyName{"applayer_mismatch_protocol_both_directions", "APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS"}

// otherSide looks once at the first bytes of the direction that recognition did not need: does
// the peer answer in the same protocol? The flow stays what it was recognised as.
func (w *worker) otherSide(f *flowtable.Flow, dir dissect.Dir, data []byte) {
	f.Probe[dir].Known = true
	if f.App.TCP == nil || len(data) == 0 {
		return
	}
	if f.App.TCP.Probe(dir, data, true) != dissect.No {
		f.AppBy[dir] = f.App
		return
	}
	for _, s := range w.apps.tcp {
		if s != f.App && s.TCP.Probe(dir, data, false) == dissect.Yes {
			f.AppBy[dir] = s
			w.ctx.Env.Dir = dir
			w.stats.anomalies[eve.AppAnomaly]++
			w.anomaly(eve.AppAnomaly, &w.ctx.Env, mismatch, "proto_detect")
			return
		}
	}
}
