package lua

import "github.com/luanids/luanids/dissect"

// TakeStream copies what the libnids face tells of a connection: the flow, and the new bytes. There is no packet in it.
func (p *Pool) TakeStream(ev dissect.EventID, e *dissect.Env) *Snapshot {
	s := p.p.Get().(*Snapshot)
	s.Env = dissect.Env{Event: ev, Dir: e.Dir, Time: e.Time, New: e.New, DataOff: e.DataOff}
	if e.Flow != nil {
		s.takeFlow(e.Flow)
	}
	switch {
	case len(e.Data) == 0:
	case p.KeepFrames && e.Pkt != nil && inside(e.Pkt.Payload, e.Data):
		s.Env.Data = e.Data // the frame lives on
	default:
		s.data = append(s.data[:0], e.Data...)
		s.Env.Data = s.data
	}
	return s
}
