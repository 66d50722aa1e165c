#!/usr/bin/env python3
"""A controller of pumps that speaks Modbus, made of libmodbus, as a gateway would have it.

pumps.py ADDRESS listens on TCP 502 with 16 coils, 8 discrete inputs, 20 holding and 4 input registers; what is outside of them is refused.
"""
import ctypes
import sys

lib = ctypes.CDLL("libmodbus.so.5")
lib.modbus_new_tcp.restype = lib.modbus_mapping_new.restype = ctypes.c_void_p
lib.modbus_new_tcp.argtypes = [ctypes.c_char_p, ctypes.c_int]
lib.modbus_mapping_new.argtypes = [ctypes.c_int] * 4
lib.modbus_tcp_listen.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.modbus_tcp_accept.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]
lib.modbus_receive.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
lib.modbus_reply.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
lib.modbus_close.argtypes = [ctypes.c_void_p]

ctx = lib.modbus_new_tcp(sys.argv[1].encode(), 502)
values = lib.modbus_mapping_new(16, 8, 20, 4)
listener = ctypes.c_int(lib.modbus_tcp_listen(ctx, 4))
query = ctypes.create_string_buffer(260)
while True:
    lib.modbus_tcp_accept(ctx, ctypes.byref(listener))
    while (n := lib.modbus_receive(ctx, query)) >= 0:
        if n > 0:
            lib.modbus_reply(ctx, query, n, values)
    lib.modbus_close(ctx)
