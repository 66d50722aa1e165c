package engine

// Packets were decoded by another core, as a rule: what is handled soon is fetched while the one at hand is.
const (
	fetchPacket = 6 // packets ahead: the packet itself
	fetchBytes  = 3 // what it points to
)

func prefetch(items []item, i int) {
	if k := i + fetchPacket; k < len(items) && items[k].pkt != nil {
		items[k].pkt.Prefetch()
	}
	if k := i + fetchBytes; k < len(items) && items[k].pkt != nil {
		items[k].pkt.PrefetchData()
	}
}
