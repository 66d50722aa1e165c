-- The example program of pynids, line by line: collects what both sides say in connections to some ports, and
-- prints both directions at the end of each.
--
--   luanids run examples/collect.lua -f capture.pcap
local end_states = { [nids.NIDS_CLOSE] = "CLOSE", [nids.NIDS_TIMEOUT] = "TIMEOUT", [nids.NIDS_RESET] = "RESET", [nids.NIDS_EXITING] = "EXITING" }
local ports = { [80] = true, [8000] = true, [8080] = true }

local function handle_tcp_stream(tcp)
  local src, sport = tcp.addr[1][1], tcp.addr[1][2]
  local dst, dport = tcp.addr[2][1], tcp.addr[2][2]
  if tcp.nids_state == nids.NIDS_JUST_EST then
    -- new to us, but do we care?
    if ports[dport] then
      tcp.client.collect = 1
      tcp.server.collect = 1
    end
  elseif tcp.nids_state == nids.NIDS_DATA then
    -- keep all of the stream's new data
    tcp:discard(0)
  elseif end_states[tcp.nids_state] then
    print(string.format("%s:%d -> %s:%d", src, sport, dst, dport))
    print("To server:")
    print(tcp.server.data:sub(1, tcp.server.count)) -- may be binary
    print("To client:")
    print(tcp.client.data:sub(1, tcp.client.count))
  end
end

nids.param("scan_num_hosts", 0)           -- no port scan detection
nids.chksum_ctl { { "0.0.0.0/0", false } } -- no checksums
nids.register_tcp(handle_tcp_stream)
nids.run()                                -- until the end of the capture
