package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// wantsFrames tells whether rules, scripts or the log look at frames: only then parsers make them.
func wantsFrames(cfg *Config, schema *dissect.Schema) bool {
	if cfg.EVE != nil && cfg.EVEOptions.Protocols["frame"] {
		return true
	}
	for _, s := range schema.Specs {
		if len(s.Frames) == 0 {
			continue
		}
		id := s.EventID(s.FrameEvent)
		if cfg.Program != nil && cfg.Program.Wants(id) || cfg.Scripts != nil && cfg.Scripts.Wants(id) {
			return true
		}
	}
	return false
}

// logFrame writes the record of a frame.
func (w *worker) logFrame(e *dissect.Env) {
	if w.eve != nil && w.eve.Options().Protocols["frame"] {
		w.line(w.eve.Frame(w.lines(), e))
	}
}

// placeFrame tells where a frame begins in its stream, as far as that is known.
func (w *worker) placeFrame(e *dissect.Env) {
	f := e.Frame
	if f.Behind >= 0 && w.flow != nil && w.place.on && w.flow.Key.Proto == packet.ProtoTCP && w.flow.ConnDir(e.Dir) == w.place.dir {
		f.Offset = int64(w.place.until) - f.Behind
	}
}
