# File shares and remote procedure calls: smbclient, rpcclient and impacket to samba.
# shellcheck shell=bash disable=SC2154,SC2086

# smb_server [DIRECTIVE...]: samba on srv with the shares data, ADMIN$ and C$, port 445, and calls over TCP (ports 135 and up).
# DIRECTIVES go to the global part of its configuration.
smb_server() {
  local d=$WORK/samba n
  mkdir -p "$d"/{private,lock,state,cache,run,log,data,admin}
  chmod 777 "$d/data" "$d/admin"
  printf 'id\tamount\n1\t200\n2\t350\n' >"$d/data/table.tsv"
  seq -f '%06g and the rest of this line is always the same' 60000 >"$d/data/archive.bin"
  {
    cat <<CONF
[global]
  workgroup = CORP
  netbios name = SRV
  server string = files
  security = user
  private dir = $d/private
  lock directory = $d/lock
  state directory = $d/state
  cache directory = $d/cache
  pid directory = $d/run
  ncalrpc dir = $d/run
  log file = $d/log/%m
  passdb backend = tdbsam:$d/private/passdb.tdb
  smb ports = 445
  load printers = no
  disable spoolss = yes
  admin users = alice
  rpc start on demand helpers = no
CONF
    for n in "$@"; do printf '  %s\n' "$n"; done
    cat <<CONF
[data]
  path = $d/data
  read only = no
[ADMIN\$]
  path = $d/admin
  read only = no
[C\$]
  path = $d/admin
  read only = no
CONF
  } >"$d/smb.conf"
  printf '%s\n%s\n' 'Correct-Horse-7' 'Correct-Horse-7' | at srv smbpasswd -c "$d/smb.conf" -s -a alice
  # Sessions of their own: samba signals its process group when it ends.
  start srv setsid /usr/libexec/samba/samba-dcerpcd -s "$d/smb.conf" -F --libexec-rpcds
  start srv setsid smbd -s "$d/smb.conf" -F --no-process-group
  wait_tcp srv $SRV4 445
  wait_tcp srv $SRV4 135
}

# smb_client HOST SHARE COMMANDS [ARGUMENT...]: alice's smbclient; it may need no file outside $WORK.
smb_client() {
  local h=$1 share=$2 commands=$3
  shift 3
  at "$h" smbclient -s "$WORK/client.conf" "//$SRV4/$share" -U 'CORP/alice%Correct-Horse-7' "$@" -c "$commands"
}

smb_files() {
  printf '[global]\n  workgroup = CORP\n  client min protocol = NT1\n  lock directory = %s\n  private dir = %s\n  cache directory = %s\n' \
    "$WORK" "$WORK" "$WORK" >"$WORK/client.conf"
  seq 30000 >"$WORK/report.bin"
  printf 'dear all,\n' >"$WORK/letter.txt"
}

about smb_share "samba smbclient" \
  "Files on a share of samba over SMB 3.1.1 and SMB 2.1: list, upload, download (3 MB, read in parallel), rename, make and remove a directory, delete; a wrong password and a share that is not there; then the same encrypted"
cap_smb_share() {
  smb_files
  smb_server
  capture gw srv
  smb_client cli data "ls; put report.bin; mkdir old; rename report.bin old\\report.bin; get archive.bin got.bin; get table.tsv got.tsv; rm old\\report.bin; rmdir old; quit"
  cmp "$WORK/got.bin" "$WORK/samba/data/archive.bin"
  smb_client cli data 'put letter.txt; allinfo letter.txt; del letter.txt' -m SMB2_10
  at cli smbclient -s "$WORK/client.conf" "//$SRV4/data" -U 'CORP/alice%wrong' -c ls || true
  smb_client cli nothing ls || true
  smb_client cli data 'put letter.txt; get table.tsv got.tsv' --client-protection=encrypt
}

about smb_old "samba smbclient" \
  "ATTACK: none, but SMB 1, which nobody should speak any more, and a rule says so: list, upload, download, rename, delete"
cap_smb_old() {
  smb_files
  smb_server 'server min protocol = NT1'
  capture gw srv
  smb_client cli data 'ls; put report.bin; put letter.txt; rename letter.txt note.txt; get table.tsv got.tsv; get report.bin got.bin; del report.bin; del note.txt' -m NT1
  cmp "$WORK/got.bin" "$WORK/report.bin"
}

about smb_rpc "samba smbclient" \
  "Remote procedure calls of an administrator's tools: rpcclient over named pipes (srvsvc, wkssvc, lsarpc, samr) and over TCP by way of the endpoint mapper"
cap_smb_rpc() {
  smb_files
  smb_server
  capture gw srv
  at cli rpcclient -s "$WORK/client.conf" $SRV4 -U 'CORP/alice%Correct-Horse-7' -c 'srvinfo; netshareenumall; lookupnames alice; enumdomusers; queryuser 1000' || true
  at cli rpcclient -s "$WORK/client.conf" "ncacn_ip_tcp:$SRV4" -U 'CORP/alice%Correct-Horse-7' -c 'epmlookup; getusername' || true
  at cli /usr/bin/python3 "$HERE/impacket_calls.py" epm $SRV4 || true
}

about smb_psexec "samba python3-impacket" \
  "ATTACK: lateral movement in the way of PsExec: a program is written to ADMIN\$, and a service that runs it is asked for over the pipe svcctl (samba has no such call); then one that runs a command, as smbexec does; a task over the pipe atsvc"
cap_smb_psexec() {
  smb_files
  smb_server
  capture gw srv
  at atk /usr/bin/python3 "$HERE/impacket_calls.py" psexec $SRV4 alice Correct-Horse-7
}
