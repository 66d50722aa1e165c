package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
)

// probeLimit is how many bytes of a direction recognition looks at before it gives up.
const probeLimit = 4 << 10

// apps is a worker's view of the protocols: which can be recognised, and spare parsers.
type apps struct {
	tcp, udp  []*dissect.Spec
	all       map[string]*dissect.Spec
	tcpHints  map[uint16]uint64 // set of protocols (by index) that expect a server port
	udpHints  map[uint16]uint64
	tcpAll    uint64
	udpAll    uint64
	unlimited uint64 // whose streams are followed past the depth
	blind     uint64 // that are recognised and not parsed
	spare     [][]dissect.Parser
	anomalies [][]anomalyName // by protocol
	// detected, failures and panics count flows by protocol, and by transport where a protocol
	// has both (see transport).
	detected, failures, panics [][2]uint64
	failed                     [2]uint64
	capped                     [][]uint64 // by protocol and number of the cap, see parserCapped
}

// newApps makes it for the protocols that are not switched off, of n in all. set are settings below app-layer.protocols.
func newApps(specs []*dissect.Spec, n int, set map[string]string) apps {
	a := apps{all: map[string]*dissect.Spec{}, tcpHints: map[uint16]uint64{}, udpHints: map[uint16]uint64{},
		spare: make([][]dissect.Parser, n), anomalies: make([][]anomalyName, n),
		detected: make([][2]uint64, n), failures: make([][2]uint64, n), panics: make([][2]uint64, n), capped: make([][]uint64, n)}
	for _, s := range specs {
		a.all[s.Name] = s
		a.anomalies[s.Index()] = anomalyNames(s)
		a.capped[s.Index()] = make([]uint64, len(s.Caps))
		if set[s.Name+".enabled"] == detectionOnly {
			a.blind |= 1 << s.Index()
		}
		if followsAll(set, s) {
			a.unlimited |= 1 << s.Index()
		}
		if s.TCP != nil && detectsOver(set, s, 0) {
			a.tcp = append(a.tcp, s)
			a.tcpAll |= 1 << s.Index()
			hints(a.tcpHints, usualPorts(set, s, 0, s.TCP.Ports), s.Index())
		}
		if s.UDP != nil && detectsOver(set, s, 1) {
			a.udp = append(a.udp, s)
			a.udpAll |= 1 << s.Index()
			hints(a.udpHints, usualPorts(set, s, 1, s.UDP.Ports), s.Index())
		}
	}
	return a
}

func hints(m map[uint16]uint64, ports []uint16, index int) {
	for _, p := range ports {
		m[p] |= 1 << index
	}
}

func (a *apps) parser(s *dissect.Spec) dissect.Parser {
	if list := a.spare[s.Index()]; len(list) > 0 {
		p := list[len(list)-1]
		a.spare[s.Index()] = list[:len(list)-1]
		return p
	}
	return s.New()
}

// keepParsers is how many spare parsers of a protocol a worker keeps.
const keepParsers = 1024

func (a *apps) recycle(f *flowtable.Flow) {
	if f.Parser == nil || f.Parser == blind {
		f.Parser = nil
		return
	}
	f.Parser.Reset()
	i := f.App.Index()
	if len(a.spare[i]) < keepParsers {
		a.spare[i] = append(a.spare[i], f.Parser)
	}
	f.Parser = nil
}

// streamData gives in-order stream bytes to the flow's parser, or to recognition.
func (w *worker) streamData(f *flowtable.Flow, dir dissect.Dir, data []byte) {
	switch {
	case f.Parser != nil:
		if !f.Probe[dir].Known && w.otherSide(f, dir, data) {
			return
		}
		f.Session.Data(&w.ctx, f.App, f.Parser, dir, data)
		w.upgrade(f)
	case !f.AppFailed:
		w.recognise(f, dir, data)
	}
}

// recognise asks the protocols about the first bytes of a stream. What is undecided is kept in
// the session, so that the parser gets all of it.
func (w *worker) recognise(f *flowtable.Flow, dir dissect.Dir, data []byte) {
	if w.expected.claim(w, f) {
		w.streamData(f, dir, data)
		return
	}
	pr := &f.Probe[dir]
	held := pr.Done || len(f.Session.Pending(dir)) > 0
	if held {
		pr.Dropped += f.Session.Hold(dir, data, probeLimit)
		data = f.Session.Pending(dir)
	}
	if !pr.Done {
		spec, reversed := w.ask(f, dir, data)
		if spec != nil {
			w.start(f, spec, dir, reversed, data, held)
			return
		}
		pr.Done = pr.Done || len(data) >= probeLimit
	}
	if pr.Done && (f.Probe[dir.Rev()].Done || w.oneSided(f, dir)) {
		if !f.Probe[dir.Rev()].Done {
			w.recognition(dir, skipped)
		}
		w.giveUp(f)
		return
	}
	if !held {
		pr.Dropped += f.Session.Hold(dir, data, probeLimit)
	}
}

// oneSided tells whether a direction that nobody recognised is enough to give up: the other
// has been silent while this one went far past what recognition looks at.
func (w *worker) oneSided(f *flowtable.Flow, dir dissect.Dir) bool {
	const patience = 100_000 // bytes, as in Suricata
	return f.Payload[dir] > patience
}

func (w *worker) giveUp(f *flowtable.Flow) {
	f.AppFailed = true
	f.Session.Reset()
	w.apps.failed[0]++
}

// ask gives the first protocol that says Yes, those that expect the port first.
func (w *worker) ask(f *flowtable.Flow, dir dissect.Dir, data []byte) (spec *dissect.Spec, reversed bool) {
	hinted := w.apps.tcpHints[f.Key.DstPort] | w.apps.tcpHints[f.Key.SrcPort]
	pr := &f.Probe[dir]
	more := false
	for pass := range 2 {
		for _, s := range w.apps.tcp {
			bit := uint64(1) << s.Index()
			if (hinted&bit != 0) != (pass == 0) || pr.Asked&bit != 0 {
				continue
			}
			switch s.TCP.Probe(dir, data, hinted&bit != 0) {
			case dissect.Yes:
				return s, false
			case dissect.Reversed:
				return s, true
			case dissect.ByPort:
				return s, w.apps.tcpHints[f.Key.DstPort]&bit == 0 && w.apps.tcpHints[f.Key.SrcPort]&bit != 0
			case dissect.More:
				more = true
			case dissect.No:
				pr.Asked |= bit
			}
		}
	}
	pr.Done = !more
	return nil, false
}

// start begins to parse a recognised flow: with the bytes that led to it, and those of the
// other direction that waited.
func (w *worker) start(f *flowtable.Flow, spec *dissect.Spec, dir dissect.Dir, reversed bool, data []byte, held bool) {
	w.assign(f, spec)
	if reversed {
		w.swap(f)
		dir = dir.Rev()
	}
	f.Probe[dir].Known, f.AppBy[dir] = true, spec
	if !spec.TCP.Greets(dir, data) {
		f.Probe[dir].Asked = nobody // said once the other side is recognised
	}
	other := dir.Rev()
	if held {
		data = f.Session.Take(dir, &w.scratch[0])
	}
	waited := f.Session.Take(other, &w.scratch[1])
	if serverFirst(f, spec, dir, len(waited)) {
		w.recognition(dissect.ToClient, wrongFirst)
	}
	// What the client said comes first: a response cannot be understood before its request.
	if other == dissect.ToServer {
		w.replay(f, other, waited)
		w.replay(f, dir, data)
	} else {
		w.replay(f, dir, data)
		w.replay(f, other, waited)
	}
	w.upgrade(f)
}

// replay feeds what waited for recognition; behind an upgrade it waits on.
func (w *worker) replay(f *flowtable.Flow, dir dissect.Dir, data []byte) {
	if len(data) == 0 {
		return
	}
	if f.HasUpgrade {
		f.Session.Hold(dir, data, len(data))
		return
	}
	if !f.Probe[dir].Known && w.otherSide(f, dir, data) {
		return
	}
	f.Session.Data(&w.ctx, f.App, f.Parser, dir, data)
	if n := f.Probe[dir].Dropped; n > 0 {
		f.Session.Gap(&w.ctx, f.App, f.Parser, dir, n)
	}
}

func (w *worker) parserFailed(s *dissect.Spec) {
	w.apps.failures[s.Index()][transport(w.flow, s)]++
	w.except(w.flow, exceptParser)
}

// transport is 1 for a flow over UDP of a protocol that has TCP too, else 0.
func transport(f *flowtable.Flow, s *dissect.Spec) int {
	if f != nil && s.TCP != nil && s.UDP != nil && f.Key.Proto == packet.ProtoUDP {
		return 1
	}
	return 0
}

func (w *worker) assign(f *flowtable.Flow, spec *dissect.Spec) {
	if f.App != nil && f.AppOrig == nil {
		f.AppOrig = f.App
	}
	f.App = spec
	if f.Parser = blind; w.apps.blind&(1<<spec.Index()) == 0 {
		f.Parser = w.apps.parser(spec)
	}
	if w.apps.unlimited&(1<<spec.Index()) != 0 {
		f.Conn.SetUnlimited()
	}
	w.unacknowledged(f)
	w.apps.detected[spec.Index()][transport(f, spec)]++
}

// became counts a flow whose protocol turned out to be a more particular one; false: that is switched off.
func (w *worker) became(s *dissect.Spec) bool {
	if w.apps.all[s.Name] == nil {
		return false
	}
	w.apps.detected[s.Index()][transport(w.flow, s)]++
	return true
}

// swap reverses a flow whose first packet turned out to come from the server. The connection
// keeps its own idea of the directions (see connDir): this may be in the middle of its work.
func (w *worker) swap(f *flowtable.Flow) {
	k := &f.Key
	k.Src, k.Dst = k.Dst, k.Src
	k.SrcPort, k.DstPort = k.DstPort, k.SrcPort
	f.Packets[0], f.Packets[1] = f.Packets[1], f.Packets[0]
	f.Bytes[0], f.Bytes[1] = f.Bytes[1], f.Bytes[0]
	f.Payload[0], f.Payload[1] = f.Payload[1], f.Payload[0]
	f.TCPFlags[0], f.TCPFlags[1] = f.TCPFlags[1], f.TCPFlags[0]
	f.MinTTL[0], f.MinTTL[1] = f.MinTTL[1], f.MinTTL[0]
	f.MaxTTL[0], f.MaxTTL[1] = f.MaxTTL[1], f.MaxTTL[0]
	f.ICMPCode[0], f.ICMPCode[1] = f.ICMPCode[1], f.ICMPCode[0]
	f.EthSrc, f.EthDst = f.EthDst, f.EthSrc
	if m := f.MACs; m != nil {
		m[0], m[1] = m[1], m[0]
	}
	f.Probe[0], f.Probe[1] = f.Probe[1], f.Probe[0]
	f.AppBy[0], f.AppBy[1] = f.AppBy[1], f.AppBy[0]
	f.Window[0], f.Window[1] = f.Window[1], f.Window[0]
	f.Seen[0], f.Seen[1] = f.Seen[1], f.Seen[0]
	f.Gaps[0], f.Gaps[1] = f.Gaps[1], f.Gaps[0]
	f.Elephant[0], f.Elephant[1] = f.Elephant[1], f.Elephant[0]
	if r := f.Rates; r != nil {
		r[0], r[1] = r[1], r[0]
	}
	f.Session.Swap()
	f.Swapped = !f.Swapped
	f.ConnFlipped = !f.ConnFlipped
	w.ctx.Dir = w.ctx.Dir.Rev()
	w.dir = w.dir.Rev()
}

// upgrade carries out what a parser asked for during its call.
func (w *worker) upgrade(f *flowtable.Flow) {
	for f.HasUpgrade {
		to := f.Upgrade
		f.HasUpgrade = false
		var rest [2][]byte
		for d := range rest {
			rest[d] = f.Session.Take(dissect.Dir(d), &w.scratch[d])
		}
		why := dissect.EndFIN
		w.endSession(f, why)
		w.apps.recycle(f)
		f.Session.Reset()
		f.Probe = [2]flowtable.Probe{}
		f.Encrypted = false
		f.AppBy = [2]*dissect.Spec{}
		if spec := w.apps.all[to]; spec != nil {
			w.assign(f, spec)
			if p, ok := f.Parser.(dissect.Expecter); ok && w.ctx.Handed != nil {
				p.Expected(w.ctx.Handed)
			}
		} else {
			f.TxCount = 0 // what is recognised next counts anew
			if f.AppOrig == nil {
				f.AppOrig = f.App
			}
		}
		w.ctx.Handed = nil
		for d, b := range rest {
			if len(b) > 0 {
				w.streamData(f, dissect.Dir(d), b)
			}
		}
	}
}

// endSession tells the parser that both directions are over.
func (w *worker) endSession(f *flowtable.Flow, why dissect.EndReason) {
	if f.Parser == nil {
		return
	}
	f.Session.End(&w.ctx, f.App, f.Parser, dissect.ToServer, why)
	f.Session.End(&w.ctx, f.App, f.Parser, dissect.ToClient, why)
}

// datagram gives a UDP payload to the flow's parser, or to recognition.
func (w *worker) datagram(f *flowtable.Flow, dir dissect.Dir, data []byte) {
	if f.Parser == nil {
		if f.AppFailed || !w.recogniseDatagram(f, dir, data) {
			return
		}
		dir = w.dir
	}
	w.ctx.Dir = dir
	w.ctx.Begin(f.App)
	f.Parser.Data(&w.ctx, dir, data)
}

// datagramTries is how many datagrams of a direction recognition looks at.
const datagramTries = 4

func (w *worker) recogniseDatagram(f *flowtable.Flow, dir dissect.Dir, data []byte) bool {
	if len(data) == 0 {
		return false
	}
	hinted := w.apps.udpHints[f.Key.DstPort] | w.apps.udpHints[f.Key.SrcPort]
	for pass := range 2 {
		for _, s := range w.apps.udp {
			bit := uint64(1) << s.Index()
			if (hinted&bit != 0) != (pass == 0) {
				continue
			}
			switch s.UDP.Probe(dir, data, hinted&bit != 0) {
			case dissect.Yes:
				w.assign(f, s)
				return true
			case dissect.Reversed:
				w.assign(f, s)
				w.swap(f)
				return true
			}
		}
	}
	if pr := &f.Probe[dir]; pr.Dropped+1 < datagramTries {
		pr.Dropped++
	} else {
		f.AppFailed = true
		w.apps.failed[1]++
	}
	return false
}
