//go:build cgo

// What a statically linked binary needs beside libpcap.a. In a dynamically linked one nothing
// here has an effect.

#include <stddef.h>

// Entry points of capture modules that libpcap may be built with, and that need libraries which
// distributions ship as shared objects only. pcap.o calls them for every device that is opened or
// listed; with these in place the linker leaves the modules, and what they refer to, in the archive.
// "No device of this kind" is the answer: *ours = 0 and no handle, or an empty list.
#define LUANIDS_NO_MODULE(name)                                              \
	void *name##_create(const char *device, char *errbuf, int *ours)     \
	{                                                                    \
		(void)device;                                                \
		(void)errbuf;                                                \
		*ours = 0;                                                   \
		return NULL;                                                 \
	}                                                                    \
	int name##_findalldevs(void *list, char *errbuf)                     \
	{                                                                    \
		(void)list;                                                  \
		(void)errbuf;                                                \
		return 0;                                                    \
	}

LUANIDS_NO_MODULE(dbus)
LUANIDS_NO_MODULE(rdmasniff)
LUANIDS_NO_MODULE(dag)
LUANIDS_NO_MODULE(snf)
LUANIDS_NO_MODULE(tc)

// _DYNAMIC is there in dynamically linked programs alone.
extern const char _DYNAMIC[] __attribute__((weak));
// glibc's; other libraries for C do not load modules to look up names.
extern int __nss_configure_lookup(const char *db, const char *line) __attribute__((weak));

// luanids_static_names makes glibc look up the names in filter expressions ("port http", "host
// www") in files and DNS, which libc.a holds, and not in the modules that /etc/nsswitch.conf of the
// machine names: loading shared objects of another version of glibc can crash a static program.
void luanids_static_names(void)
{
	if (_DYNAMIC != NULL || __nss_configure_lookup == NULL)
		return;
	__nss_configure_lookup("services", "files");
	__nss_configure_lookup("protocols", "files");
	__nss_configure_lookup("networks", "files");
	__nss_configure_lookup("ethers", "files");
	__nss_configure_lookup("hosts", "files dns");
}
