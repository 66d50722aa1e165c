# Files by NFS: libnfs's programs to nfs-ganesha.
# shellcheck shell=bash disable=SC2154,SC2086

# nfs_server: nfs-ganesha on srv, with the folder /share for versions 3 and 4.
nfs_server() {
  local d=$WORK/nfs
  mkdir -p "$d/share/reports"
  chmod 777 "$d/share" "$d/share/reports"
  seq -f 'line %06g of the report' 900 >"$d/share/reports/q1.txt"
  printf 'id\tamount\n1\t200\n' >"$d/share/table.tsv"
  chmod 666 "$d"/share/*.tsv "$d"/share/reports/*
  cat >"$d/ganesha.conf" <<CONF
NFS_CORE_PARAM { NFS_Port = 2049; MNT_Port = 20048; Protocols = 3, 4; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = true; Bind_addr = $SRV4; mount_path_pseudo = true; }
NFSV4 { Graceless = true; RecoveryRoot = "$d/recovery"; RecoveryBackend = fs; Minor_Versions = 0, 1; }
NFS_KRB5 { Active_krb5 = false; }
EXPORT { Export_Id = 1; Path = "$d/share"; Pseudo = /share; Access_Type = RW; Squash = None; SecType = sys; Transports = UDP, TCP; FSAL { Name = VFS; } }
LOG { Default_Log_Level = WARN; }
CONF
  mkdir -p "$d/recovery"
  start srv rpcbind -f -w
  sleep 0.5
  start srv ganesha.nfsd -F -L "$d/log" -f "$d/ganesha.conf" -p "$d/pid"
  wait_tcp srv $SRV4 2049
  sleep 1
}

about nfs_share "nfs-ganesha nfs-ganesha-vfs rpcbind libnfs-utils" \
  "NFS versions 3 and 4 over TCP: libnfs's programs list a folder of nfs-ganesha, read a file, one that is not there, and write some; folders and files are made, renamed and removed"
cap_nfs_share() {
  local v at="nfs://$SRV4/share"
  nfs_server
  seq -f '%04g was measured' 3000 >"$WORK/measured.txt"
  capture gw srv
  for v in 3 4; do
    at cli nfs-ls "$at?version=$v"
    at cli nfs-cat "$at/reports/q1.txt?version=$v" | tail -1
    at cli nfs-cp "$WORK/measured.txt" "$at/measured-$v.txt?version=$v" || true # version 4 of libnfs 4.0 opens it only
    at cli nfs-cat "$at/missing.txt?version=$v" || true
    at cli python3 "$HERE/nfs_calls.py" $SRV4 /share $v
  done
}
