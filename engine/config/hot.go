package config

import (
	"slices"
	"strings"
)

// The tables mark whole groups of settings as needing a restart. Of these groups a reload applies all the same what
// engine.Config.TakeHot takes, and what outputs can change while they run.

// hot names settings and, with a star at the end, beginnings of names.
var hot = []string{
	"decode.checksums",
	"flow.timeouts.*",
	"stream.*",
	"rules.limits.*",
	"app_layer.*",
	"outputs.queue.*", "outputs.console.verbose",
	"outputs.json.*", "outputs.sqlite.delay", "outputs.syslog.backlog", "outputs.eve.*", "outputs.pcap.*",
	"respond.exempt", "respond.rate", "respond.burst",
}

// cold are exceptions: what is open, shapes memory, or was built into parsers and connections when they were made.
var cold = []string{
	"stream.inline", "stream.overlap_window",
	"app_layer.disabled",
	"outputs.json.path", "outputs.eve.path", "outputs.eve.options.**",
	"outputs.pcap.dir", "outputs.pcap.memory",
	"reload.watch",
}

// needsRestart tells whether a change of a key takes effect only when luanids is started anew. group is what its table says.
func needsRestart(name string, group bool) bool {
	is := func(list []string) bool {
		return slices.ContainsFunc(list, func(x string) bool {
			begin, star := strings.CutSuffix(x, ".*")
			return x == name || star && !strings.HasSuffix(x, "**") && strings.HasPrefix(name, begin+".")
		})
	}
	return is(cold) || group && !is(hot)
}
