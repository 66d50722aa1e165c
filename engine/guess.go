package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/lang/match"
)

// A rule on bytes of a stream or packet is about no message of the protocol. With Config.GuessTx its alerts tell of the message that the
// packet at hand brought last in that direction, if it brought one, and say that this is a guess (detect.guess-applayer-tx of Suricata).
// Over UDP it is none where the rule names the protocol: a datagram is a message.

// guessed is the message that was seen last.
type guessed struct {
	flow  *flowtable.Flow
	stamp uint64
	dir   dissect.Dir
	tx    any // a copy; over UDP the message itself, which stays as it is until the next datagram
}

// noteTx remembers the message of an event, as alerts may tell of it.
func (w *worker) noteTx(spec *dissect.Spec, e *dissect.Env) {
	switch {
	case e.Tx == nil || e.Frame != nil || w.flow == nil || spec != w.flow.App:
	case w.flow.Key.Proto == packet.ProtoUDP:
		w.guessed = guessed{w.flow, w.stamp, e.Dir, e.Tx}
	case w.cfg.GuessTx && spec.Clone != nil:
		w.guessed = guessed{w.flow, w.stamp, e.Dir, spec.Clone(e.Tx)}
	}
}

// guess makes an alert on bytes tell of a message; the caller takes it back.
func (w *worker) guess(r *match.Rule, e *dissect.Env) bool {
	g := &w.guessed
	if e.Tx != nil || e.Event != dissect.EvPacket && e.Event != dissect.EvStreamData ||
		g.tx == nil || g.flow != w.flow || g.stamp != w.stamp || g.dir != e.Dir {
		return false
	}
	sure := w.flow.Key.Proto == packet.ProtoUDP && r.OfApp()
	if !sure && !w.cfg.GuessTx {
		return false
	}
	e.Tx, e.Guessed = g.tx, !sure
	return true
}
