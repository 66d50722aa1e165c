package engine

import "github.com/luanids/luanids/dissect"

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
