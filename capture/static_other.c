//go:build cgo && !linux

// Static linking of libpcap is only done on Linux: see static_linux.c.
void luanids_static_names(void) {}
