package engine

import (
	"maps"

	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// A reload changes settings too, as far as they shape no table or thread that is in use. TakeHot says which; the workers and the
// ordered stage take them with their part of the swap, so that they hold from the same packet on for everybody.

// TakeHot takes from n all settings that a running engine can change. The others keep their values: they need a restart.
func (c *Config) TakeHot(n *Config) {
	c.CheckChecksums, c.PacketAlertMax, c.StatsInterval = n.CheckChecksums, n.PacketAlertMax, n.StatsInterval
	c.AppMemcap, c.WindowMemcap = n.AppMemcap, n.WindowMemcap
	c.InspectEncrypted = maps.Clone(n.InspectEncrypted)
	c.Bypass = n.Bypass
	c.Limits = n.Limits
	c.Limits.Settings = maps.Clone(n.Limits.Settings)
	c.State, c.Parts, c.GuessTx = n.State, n.Parts, n.GuessTx
	c.Flow.TCP, c.Flow.UDP, c.Flow.ICMP, c.Flow.Default = n.Flow.TCP, n.Flow.UDP, n.Flow.ICMP, n.Flow.Default

	t := &c.TCP
	t.Midstream, t.AsyncOneside, t.LiberalTimestamps, t.IgnoreOverlaps = n.TCP.Midstream, n.TCP.AsyncOneside, n.TCP.LiberalTimestamps, n.TCP.IgnoreOverlaps
	t.Depth, t.Memcap, t.MaxSegments = n.TCP.Depth, n.TCP.Memcap, n.TCP.MaxSegments
	t.MaxSynQueued, t.MaxSynAckQueued = n.TCP.MaxSynQueued, n.TCP.MaxSynAckQueued
	t.Urgent, t.UrgentLimit, t.OOBLimit = n.TCP.Urgent, n.TCP.UrgentLimit, n.TCP.OOBLimit

	settings, classes := c.EVEOptions.Settings, c.EVEOptions.Classes // those of the schema, and of the rules
	c.EVEOptions = n.EVEOptions
	c.EVEOptions.Protocols = maps.Clone(n.EVEOptions.Protocols)
	c.EVEOptions.Settings, c.EVEOptions.Classes = settings, classes

	c.Respond.Exempt, c.Respond.Rate, c.Respond.Burst = n.Respond.Exempt, n.Respond.Rate, n.Respond.Burst
	p := &c.Pcap
	p.Before, p.After, p.Wait, p.MinSeverity = n.Pcap.Before, n.Pcap.After, n.Pcap.Wait, n.Pcap.MinSeverity
	p.MaxFiles, p.MaxBytes = n.Pcap.MaxFiles, n.Pcap.MaxBytes
	c.Outputs = n.Outputs
}

// retune gives a worker's tables the settings of cfg, between two of its batches.
func (w *worker) retune(cfg *Config) {
	f := w.flowConfig
	f.TCP, f.UDP, f.ICMP, f.Default = cfg.Flow.TCP, cfg.Flow.UDP, cfg.Flow.ICMP, cfg.Flow.Default
	perShard := cfg.TCP
	perShard.Memcap = w.streamShare(cfg)
	for i := w.base; i < flowtable.Shards; i += w.of {
		w.streams[i].Configure(perShard)
		w.budgets[i].Max = cfg.AppMemcap / w.parts
	}
	w.windows.max = cfg.WindowMemcap / windowBytes / w.parts
}

// streamShare is a shard's part of the memory for segments.
func (w *worker) streamShare(cfg *Config) uint64 {
	if cfg.TCP.Memcap == 0 {
		return tcp.DefaultMemcap / uint64(w.parts)
	}
	return cfg.TCP.Memcap / uint64(w.parts)
}

// retune gives the ordered stage's tables the settings of cfg.
func (o *ordered) retune(cfg *Config) {
	o.state.SetLimits(cfg.State)
	o.responder.limit(&cfg.Respond)
	if p := o.pcaps; p != nil {
		p.cfg.Before, p.cfg.After, p.cfg.Wait, p.cfg.MinSeverity = cfg.Pcap.Before, cfg.Pcap.After, cfg.Pcap.Wait, cfg.Pcap.MinSeverity
		p.files.maxFiles.Store(int64(cfg.Pcap.MaxFiles))
		p.files.maxBytes.Store(cfg.Pcap.MaxBytes)
	}
}
