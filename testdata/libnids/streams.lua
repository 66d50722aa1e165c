-- The twin of streams.c: prints every connection to its end, in hexadecimal.
-- Usage: luanids run streams.lua -f CAPTURE [PORT]...
local ports, any = {}, #nids.args == 0
for _, p in ipairs(nids.args) do ports[tonumber(p)] = true end
local states = { [nids.CLOSE] = "CLOSE", [nids.RESET] = "RESET", [nids.TIMED_OUT] = "TIMED_OUT", [nids.EXITING] = "EXITING" }

nids.param("scan_num_hosts", 0)
nids.chksum_ctl { { "0.0.0.0/0", false } }
nids.register_tcp(function(tcp)
  local state = tcp.nids_state
  if state == nids.JUST_EST then
    if any or ports[tcp.addr[2][2]] then
      tcp.client.collect, tcp.server.collect = 1, 1
    end
  elseif state == nids.DATA then
    tcp:discard(0)
  else
    print(string.format("%s:%d %s:%d %s", tcp.addr[1][1], tcp.addr[1][2], tcp.addr[2][1], tcp.addr[2][2], states[state]))
    print("server " .. tcp.server.count .. " " .. nids.hex_encode(tcp.server.data))
    print("client " .. tcp.client.count .. " " .. nids.hex_encode(tcp.client.data))
  end
end)
nids.run()
