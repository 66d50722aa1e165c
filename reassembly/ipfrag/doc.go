// Package ipfrag puts IPv4 and IPv6 datagrams together from their fragments, the way the
// receiving host would: where fragments overlap with different data, a policy says whose
// bytes count (Novak, "Target-based fragmentation reassembly", 2005; Shankar and Paxson,
// "Active mapping", 2003).
//
// Memory is bounded by Config: past a cap the datagrams that waited longest are given up.
// Time is packet time.
package ipfrag
