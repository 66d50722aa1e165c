#!/usr/bin/python3
"""Makes a folder, writes, renames and removes a file in it, and removes the folder again, by libnfs.

usage: nfs_calls.py SERVER EXPORT VERSION
"""
import ctypes
import sys


def main(server, export, version):
    nfs = ctypes.CDLL("libnfs.so.13")
    nfs.nfs_init_context.restype = ctypes.c_void_p
    nfs.nfs_get_error.restype = ctypes.c_char_p
    context = ctypes.c_void_p(nfs.nfs_init_context())
    failed = []

    def call(name, *args):
        code = getattr(nfs, name)(context, *args)
        if code < 0:
            failed.append(f"{name}: {nfs.nfs_get_error(context)}")
        return code

    call("nfs_set_version", version)
    if call("nfs_mount", server, export) < 0:
        sys.exit(failed)
    call("nfs_mkdir", b"/old")
    handle = ctypes.c_void_p()
    if call("nfs_creat", b"/old/draft.txt", 0o644, ctypes.byref(handle)) == 0:
        text = b"kiln 7 is hot\n" * 300
        call("nfs_write", handle, ctypes.c_uint64(len(text)), text)
        call("nfs_close", handle)
    call("nfs_rename", b"/old/draft.txt", b"/old/final.txt")
    call("nfs_unlink", b"/old/final.txt")
    call("nfs_rmdir", b"/old")
    call("nfs_rmdir", b"/never")
    print(failed)


main(sys.argv[1].encode(), sys.argv[2].encode(), int(sys.argv[3]))
