// Package capture brings packets in: capture files (pcap, pcapng, compressed, merged, from
// stdin) and, through the same Source interface, live interfaces. It also compiles BPF filters
// and writes pcap files.
//
// # Reading
//
// Open takes files, folders and "-" for stdin and gives a Source that fills batches. One input
// is delivered in file order, however its timestamps jump. Several are merged by timestamp;
// packets with equal timestamps come in the order in which the files were named, and within a
// file the order of the file is kept.
//
// A packet is copied once, from the read buffer of its file into the batch. Nothing is
// allocated for a packet, and the buffers are reused for as long as a file lasts.
//
// # Ten thousand files
//
// Open reads the start of each file, up to its first packet, and closes it again. The merge
// opens a file when the time of its first packet is reached and closes it at its end, so that
// of a ring of hourly captures one or two are open at any time. Where more than maxOpenFiles
// overlap in time, the one that was read least recently is closed and later opened again at the
// offset that it had reached. What cannot be opened twice (pipes, stdin) stays open throughout.
// Memory goes with the number of overlapping files: 16 KiB for each beyond 256, plus the window of
// the decompressor.
//
// # Static linking
//
// BPF expressions are compiled by libpcap, through cgo. Needed to build: a C compiler and
// libpcap's headers and archive (Debian: gcc, libpcap-dev). A self-contained binary:
//
//	CGO_ENABLED=1 go build -tags netgo,osusergo \
//		-ldflags '-linkmode external -extldflags "-static"' ./cmd/luanids
//
// The linker warns about getaddrinfo and its like in static programs; static_linux.c keeps them
// from loading anything (-extldflags "-static -Wl,--no-warnings" silences binutils from 2.40 on).
//
// The libpcap.a of a distribution refers to libraries for capture from D-Bus, RDMA and the like,
// which exist as shared objects only. static_linux.c defines the few entry points of those
// modules, so that the linker never pulls them out of the archive, and keeps name look-up within
// what libc.a itself contains. Without cgo the package builds too; only filters then fail, with
// an error that says so.
package capture
