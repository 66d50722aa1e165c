-- The example of pynids, line by line: the content of connections to some ports, both directions, at the
-- end of each.
local end_states = { [nids.NIDS_CLOSE] = true, [nids.NIDS_TIMEOUT] = true, [nids.NIDS_RESET] = true, [nids.NIDS_EXITING] = true }
local ports = { [80] = true, [8000] = true, [8080] = true }

local function handle_tcp_stream(tcp)
  if tcp.nids_state == nids.NIDS_JUST_EST then
    -- a new connection to a web server: collect what both sides say
    local src, dst = tcp.addr[1], tcp.addr[2]
    if ports[dst[2]] then
      print("new connection from " .. src[1] .. ":" .. src[2] .. " to " .. dst[1] .. ":" .. dst[2])
      tcp.client.collect = true
      tcp.server.collect = true
    end
  elseif tcp.nids_state == nids.NIDS_DATA then
    tcp:discard(0) -- keep all of the stream's data
  elseif end_states[tcp.nids_state] then
    local toserver = tcp.server.data:sub(1, tcp.server.count)
    local toclient = tcp.client.data:sub(1, tcp.client.count)
    if tcp.server.count > 0 or tcp.client.count > 0 then
      print("to server: " .. toserver)
      print("to client: " .. toclient)
    end
  end
end

nids.param("scan_num_hosts", 0) -- no port scan detection
nids.chksum_ctl { { "0.0.0.0/0", false } }
nids.init()
nids.register_tcp(handle_tcp_stream)
print("pid-less, and running")
nids.run()
print("done")
