package engine

import (
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/eve"
)

// Emit implements dissect.Host: a protocol's event goes to rules, then to the log.
func (w *worker) Emit(spec *dissect.Spec, ev dissect.Local, e *dissect.Env) {
	id := spec.EventID(ev)
	if e.Frame != nil {
		w.placeFrame(e)
	}
	w.noteTx(spec, e)
	w.match(id, e)
	if f := w.flow; f != nil && f.StoreCerts != f.StoredCerts {
		w.storeCerts(e)
	}
	decl := &spec.Owner().Events[ev]
	if e.Frame != nil {
		w.logFrame(e)
	}
	if !decl.Log || e.Carrier != nil { // what another message carries is logged with that one
		return
	}
	if m, ok := e.Tx.(dissect.Muter); ok && m.Muted() || w.flow != nil && w.flow.NoLog {
		w.stats.tx[spec.Index()][transport(w.flow, spec)]++
		return // a rule wants it so
	}
	w.stats.tx[spec.Index()][transport(w.flow, spec)]++
	if w.eve != nil && w.rules.logged[spec.Index()] {
		n := 1
		if spec.Records != nil {
			n = spec.Records(e)
		}
		for range n {
			w.logMessage(spec, decl, e)
		}
	}
}

// logMessage writes a record of a message.
func (w *worker) logMessage(spec *dissect.Spec, decl *dissect.Event, e *dissect.Env) {
	txID, ok := uint64(0), false
	if n, is := e.Tx.(dissect.Numbered); is {
		txID, ok = n.TxID(), true
	}
	if !w.waits(w.flow) {
		w.line(w.eve.Protocol(w.lines(), e, spec, decl.LogByDir, txID, ok))
	} else if body := w.eve.ProtocolBody(w.body(), e, spec, txID, ok); len(body) == 0 {
		w.recycleBody(body)
	} else {
		w.wait(w.flow, e.Dir, eve.Body{Type: spec.RecordType(), ByDir: decl.LogByDir, Message: body, Client: w.eve.Client(e, spec)}, nil)
	}
}

// Anomaly implements dissect.Host: a protocol's parser found something wrong.
func (w *worker) Anomaly(spec *dissect.Spec, n int, e *dissect.Env) {
	w.stats.anomalies[eve.AppAnomaly]++
	w.anomaly(eve.AppAnomaly, e, w.apps.anomalies[spec.Index()][n], "proto_parser")
}

// anomaly judges and logs one anomaly.
func (w *worker) anomaly(k eve.AnomalyKind, e *dissect.Env, name anomalyName, layer string) {
	w.judgeAnomaly(e, name)
	w.logAnomaly(k, e, name, layer)
}

// judgeAnomaly judges the rules: they see an anomaly by its full name.
func (w *worker) judgeAnomaly(e *dissect.Env, name anomalyName) {
	if w.rules.wantsAnomaly {
		old := e.Name
		e.Name = name.full
		w.match(dissect.EvAnomaly, e)
		e.Name = old
	}
}

func (w *worker) logAnomaly(k eve.AnomalyKind, e *dissect.Env, name anomalyName, layer string) {
	if w.eve != nil && w.eve.Options().Wanted(k) {
		if k == eve.AppAnomaly && w.waits(w.flow) {
			w.wait(w.flow, dissect.ToServer, eve.Body{Type: "anomaly", Message: w.eve.AnomalyBody(w.body(), k, e, name.record, layer)}, nil)
			return
		}
		w.line(w.eve.AnomalyOf(w.lines(), k, e, name.record, layer))
	}
}

// anomalyName is an anomaly's name in rules and in records.
type anomalyName struct{ full, record string }

// anomalyNames gives the names of a protocol's anomalies: protocol.name in rules, as Suricata
// writes them in records.
func anomalyNames(s *dissect.Spec) []anomalyName {
	list := make([]anomalyName, len(s.Anomalies))
	for i, n := range s.Anomalies {
		list[i] = anomalyName{s.Name + "." + n, n}
		if s.UpperAnomalies {
			list[i].record = strings.ToUpper(n)
		}
	}
	return list
}

// decodeEvents reports what the decoder found wrong with a packet.
func (w *worker) decodeEvents(p *packet.Packet) {
	w.setEnv(w.flow, w.dir)
	list := p.EventList()
	for i, ev := range list {
		w.stats.anomalies[eve.DecodeAnomaly]++
		name := anomalyName{ev.Name(), ev.Name()}
		if !slices.Contains(list[:i], ev) { // a rule is judged once, however many options are odd
			w.judgeAnomaly(&w.env, name)
		}
		w.logAnomaly(eve.DecodeAnomaly, &w.env, name, "")
	}
}

// Upgrade implements dissect.Host; it takes effect when the parser's call is over.
func (w *worker) Upgrade(e *dissect.Env, to string) {
	w.flow.Upgrade, w.flow.HasUpgrade = to, true
}

// FileEvent implements dissect.Host.
func (w *worker) FileEvent(e *dissect.Env, ended bool) {
	if !ended {
		w.match(dissect.EvFileData, e)
		return
	}
	w.stats.files++
	w.match(dissect.EvFile, e)
	if w.flow != nil && w.flow.StoreFiles[e.File.Dir&1] {
		e.File.AskStore(0)
	}
	w.store(e)
	if w.eve != nil && w.eve.Options().Core[eve.Fileinfo] {
		if w.waits(w.flow) {
			w.wait(w.flow, e.File.Dir, eve.Body{Type: "fileinfo", ByDir: true, Message: w.eve.FileBody(w.body(), e), Client: w.eve.Client(e, nil)}, nil)
			return
		}
		w.line(w.eve.File(w.lines(), e))
	}
}

// Expect implements dissect.Host.
func (w *worker) Expect(e *dissect.Env, x dissect.Expectation) { w.expected.add(w, e, x) }
