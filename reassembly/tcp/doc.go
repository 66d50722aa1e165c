// Package tcp follows TCP connections as a third party sees them and puts their streams
// together: the state machine (RFC 9293) with the validation that keeps an attacker from
// showing a monitor another stream than the end host takes, and the reassembly.
//
// In-order data is handed on at once and without a copy. Only out-of-order segments are
// copied, into pooled buffers below a memory cap. A hole becomes a gap when the receiver has
// acknowledged what is behind it, when a cap is reached, or when the connection is closed.
//
// One Assembler serves one worker; nothing here is locked. A Conn is a value to embed in the
// engine's flow; idle connections own no memory but that.
//
// The files: tcp.go takes a packet and has the fast path; handshake.go, synced.go and rst.go
// are the state machine; reasm.go delivers, queue.go keeps and resolves out-of-order
// segments, policy.go says who wins an overlap, segment.go owns the memory.
package tcp
