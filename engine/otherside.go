package engine

import (
	"math"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
)

// Anomalies of recognition, by Suricata's names: the sides speak different protocols; only one side's could be told; the side that does
// not begin in this protocol did; there was too much of one side to wait for the other; what comes is not what was agreed on, TLS.
var (
	mismatch   = recognitionName("mismatch_protocol_both_directions")
	onlyOne    = recognitionName("detect_protocol_only_one_direction")
	wrongFirst = recognitionName("wrong_direction_first_data")
	skipped    = recognitionName("proto_detection_skipped")
	unexpected = recognitionName("unexpected_protocol")
	noTLS      = recognitionName("no_tls_after_starttls")
)

func recognitionName(s string) anomalyName {
	return anomalyName{"applayer_" + s, "APPLAYER_" + strings.ToUpper(s)}
}

// failed stands in flowtable.Flow.AppBy for a direction that nobody recognised.
var failed = &dissect.Spec{Name: "failed"}

// nobody is kept in Probe.Asked for a direction that nobody recognised, until it has shown enough to say so.
const nobody = math.MaxUint64

// telling is how many bytes of a direction it takes to say that nobody recognises it: the longest pattern that Suricata has.
var telling = [2]uint64{dissect.ToServer: 24, dissect.ToClient: 8}

// otherSide looks once at the first bytes of the direction that recognition did not need: does
// the peer answer in the same protocol? The flow stays what it was recognised as, unless it was told so by an upgrade: then true
// says that the bytes were taken for recognition.
func (w *worker) otherSide(f *flowtable.Flow, dir dissect.Dir, data []byte) bool {
	pr := &f.Probe[dir]
	if pr.Asked == nobody {
		w.alone(f, dir)
		return false
	}
	pr.Known = true
	if f.App.TCP == nil || len(data) == 0 {
		return false
	}
	told := f.App.TCP.Probe(dir, data, true) != dissect.No
	switch {
	case told && f.App.TCP.Greets(dir, data):
		f.AppBy[dir] = f.App
		if f.Probe[dir.Rev()].Asked == nobody {
			w.alone(f, dir.Rev())
		}
		return false
	case !told && f.AppBy == [2]*dissect.Spec{} && f.App.Name == "tls":
		w.notTLS(f, dir, data)
		return true
	}
	for _, s := range w.apps.tcp {
		if s == f.App {
			continue
		}
		if v := s.TCP.Probe(dir, data, false); v == dissect.Yes || v == dissect.ByPort {
			f.AppBy[dir] = s
			w.recognition(dir, mismatch)
			return false
		}
	}
	if f.AppBy[dir.Rev()] != nil && (dir == dissect.ToServer || f.App.TCP.Server) { // others do not know what servers say
		pr.Known, pr.Asked = false, nobody
		w.alone(f, dir)
	}
	return false
}

// alone says that a direction is not recognised, once it has shown enough.
func (w *worker) alone(f *flowtable.Flow, dir dissect.Dir) {
	if f.Payload[dir] < telling[dir] {
		return
	}
	pr := &f.Probe[dir]
	pr.Known, pr.Asked = true, 0
	f.AppBy[dir] = failed
	w.recognition(dir, onlyOne)
}

// notTLS takes a flow on which TLS was agreed, and where something else comes, back to recognition.
func (w *worker) notTLS(f *flowtable.Flow, dir dissect.Dir, data []byte) {
	w.recognition(dir, unexpected)
	w.recognition(dir, noTLS)
	f.AppExpected = f.App
	f.Session.Hold(dir, data, len(data))
	f.Upgrade, f.HasUpgrade = "", true
	w.upgrade(f)
}

// serverFirst tells whether the server's bytes came before any of the client's, in a protocol in which the client begins. waited are
// those of the other side that were there before dir was recognised.
func serverFirst(f *flowtable.Flow, spec *dissect.Spec, dir dissect.Dir, waited int) bool {
	return spec.TCP.ClientFirst && (dir == dissect.ToClient && f.Payload[dissect.ToServer] == 0 || dir == dissect.ToServer && waited > 0)
}

// recognition reports an anomaly of recognition.
func (w *worker) recognition(dir dissect.Dir, name anomalyName) {
	w.ctx.Env.Dir = dir
	w.stats.anomalies[eve.AppAnomaly]++
	w.anomaly(eve.AppAnomaly, &w.ctx.Env, name, "proto_detect")
}
