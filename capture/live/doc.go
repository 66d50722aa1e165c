// Package live brings packets in from network interfaces, through the same capture.Source as files.
//
// On Linux each interface has an AF_PACKET socket with a TPACKET_V3 ring for every goroutine that reads: the
// kernel writes packets into memory that both share, and spreads them over the rings by the two hosts that talk: the
// same ring number on every interface (see fanout_linux.go). Nothing is between the ring and the goroutine that works
// on its flows. Where there is no AF_PACKET, libpcap is asked, with one goroutine that reads.
//
// # Whose bytes
//
// A packet is copied once, out of the ring into the batch, and its block goes back to the kernel as soon as it was
// read. Holding the blocks instead would save a copy of what is in the cache anyway, but let a slow output or a wait
// for another ring hold back memory that the kernel needs in a burst.
//
// # What is lost
//
// A reader that is too slow finds its ring full: the kernel drops packets and counts them. Nothing grows. Stats and
// Interfaces tell the figures; the first loss and its end are told as warnings.
package live
