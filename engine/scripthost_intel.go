package engine

import (
	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lua"
)

// Intel implements lua.IntelHost, for scripts of the ordered stage. What has expired by packet time is not found.
func (h *ScriptHost) Intel(kind, value string) (lua.IntelHit, bool) {
	if h.o == nil {
		return lua.IntelHit{}, false // while scripts are being loaded
	}
	return intelHit(h.o.cfg.Intel, kind, value, h.o.now)
}

// Intel implements lua.IntelHost, for scripts that run in workers.
func (h *workerHost) Intel(kind, value string) (lua.IntelHit, bool) {
	return intelHit(h.w.rules.intel.db, kind, value, h.w.now)
}

func intelHit(db *intel.DB, kind, value string, now int64) (lua.IntelHit, bool) {
	m, ok, _ := db.Lookup(kind, value, now)
	if !ok {
		return lua.IntelHit{}, false
	}
	return lua.IntelHit{Feed: m.Feed, Kind: m.Category, Severity: m.Severity.String(), Description: m.Description}, true
}
