package http2

import "github.com/luanids/luanids/dissect"

// config are the settings below app-layer.protocols.http2, with Suricata's names and defaults.
type config struct {
	maxStreams    int // max-streams: transactions of one connection at a time
	maxTable      int // max-table-size: bytes of HPACK's dynamic table
	maxReassembly int // max-reassembly-size: bytes of a header block in several frames
	maxFrames     int // max-frames: frames of one stream and direction
}

func loadConfig(l *dissect.Limits) config {
	return config{
		maxStreams:    setting(l, "http2.max-streams", 4096),
		maxTable:      setting(l, "http2.max-table-size", 64<<10),
		maxReassembly: setting(l, "http2.max-reassembly-size", 100<<10),
		maxFrames:     setting(l, "http2.max-frames", 64<<10),
	}
}

// maxSetting is the largest value of a setting, so that no setting makes memory unbounded.
const maxSetting = 16 << 20

// setting reads a number; what is none, or 0, changes nothing.
func setting(l *dissect.Limits, name string, otherwise int) int {
	if n := dissect.Size(l.Settings[name], otherwise); n > 0 {
		return min(n, maxSetting)
	}
	return otherwise
}
