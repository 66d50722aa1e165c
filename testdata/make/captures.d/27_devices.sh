# Protocols of devices and their management.
# shellcheck shell=bash disable=SC2154,SC2086

about mqtt_messages "mosquitto mosquitto-clients" \
  "Clients of MQTT 3.1, 3.1.1 and 5 publish and subscribe at mosquitto, in all qualities of service, with last wills and properties; one has the wrong password"
cap_mqtt_messages() {
  local conf=$WORK/mosquitto.conf by="-h $SRV4 -u sensor -P Kiln-7-hot"
  mosquitto_passwd -c -b "$WORK/passwords" sensor Kiln-7-hot
  printf '%s\n' "listener 1883 0.0.0.0" "allow_anonymous false" "password_file $WORK/passwords" "persistence false" "user root" >"$conf"
  start srv mosquitto -c "$conf"
  wait_tcp srv 0.0.0.0 1883
  capture gw cli
  start cli mosquitto_sub $by -V 5 -i panel -q 2 -t 'plant/+/temp' -t 'plant/alarm/#' -U plant/nothing -C 4 -W 20 --will-topic plant/panel --will-payload gone
  sleep 1
  at cli mosquitto_pub $by -V mqttv31 -i kiln1 -q 0 -t plant/1/temp -m 451
  at cli mosquitto_pub $by -V mqttv311 -i kiln2 -q 1 -r -t plant/2/temp -m 452 --will-topic plant/lost --will-payload kiln2
  at cli mosquitto_pub $by -V 5 -i kiln3 -q 2 -t plant/3/temp -m '{"t":453}' -D publish content-type application/json \
    -D publish response-topic plant/3/set -D publish user-property unit celsius -D connect session-expiry-interval 60
  at cli mosquitto_pub -h $SRV4 -u sensor -P guess -V 5 -i thief -t plant/alarm/x -m x || true
  head -c 40000 /dev/zero | tr '\0' 'z' | at cli mosquitto_pub $by -V 5 -i kiln4 -q 1 -t plant/alarm/log -s
  sleep 1
}

about tftp_files "tftpd-hpa tftp-hpa" \
  "A client of TFTP reads a file from tftpd, writes one in netascii mode, and asks for one that is not there"
cap_tftp_files() {
  mkdir -p "$WORK/tftp"
  seq 400 >"$WORK/tftp/switch-1.cfg"
  : >"$WORK/tftp/upload.cfg"
  chmod 666 "$WORK/tftp/upload.cfg"
  start srv in.tftpd -L -u root -s "$WORK/tftp"
  wait_udp srv 0.0.0.0 69
  capture gw cli
  at cli tftp -m octet $SRV4 -c get switch-1.cfg "$WORK/got.cfg"
  at cli tftp -m netascii $SRV4 -c put "$WORK/got.cfg" upload.cfg
  at cli tftp -m octet $SRV4 -c get passwd "$WORK/none" || true
}

about vnc_handshakes "tigervnc-standalone-server tigervnc-tools vncsnapshot gvncviewer" \
  "A desktop of TigerVNC with a password is looked at in version 3.3, and another with a wrong one; one without a password in version 3.8"
cap_vnc_handshakes() {
  export HOME=$WORK
  printf 'Kiln-7\n' | tigervncpasswd -f >"$WORK/passwd"
  printf 'wrong\n' | tigervncpasswd -f >"$WORK/wrong"
  start srv Xtigervnc :1 -geometry 64x48 -depth 24 -desktop "panel of kiln 7" -SecurityTypes VncAuth -PasswordFile "$WORK/passwd" -nolisten tcp -localhost=0
  start srv Xtigervnc :2 -geometry 64x48 -depth 24 -desktop "open panel" -SecurityTypes None -nolisten tcp -localhost=0
  wait_tcp srv 0.0.0.0 5901
  wait_tcp srv 0.0.0.0 5902
  capture gw cli
  at cli timeout 3 vncsnapshot -quiet -passwd "$WORK/passwd" $SRV4:1 "$WORK/a.jpg" || true # it waits for a part of the picture that does not come
  at cli timeout 3 vncsnapshot -quiet -passwd "$WORK/wrong" $SRV4:1 "$WORK/b.jpg" || true
  at cli timeout 5 gvnccapture -q $SRV4:2 "$WORK/c.png"
}

about snmp_versions "snmpd snmp snmptrapd" \
  "SNMP 1, 2c and 3 (with authentication, and encrypted too) from and to net-snmp's agent: reads, a write, a walk in bulk, traps, wrong communities and users"
cap_snmp_versions() {
  export HOME=$WORK SNMP_PERSISTENT_DIR=$WORK/snmp MIBS=
  mkdir -p "$SNMP_PERSISTENT_DIR"
  printf '%s\n' "rocommunity Kiln-7-ro" "rwcommunity Kiln-7-rw" "createUser watch SHA Kiln-7-watching AES Kiln-7-secret" "rouser watch auth" \
    "sysServices 72" >"$WORK/snmpd.conf"
  printf '%s\n' "authCommunity log Kiln-7-trap" >"$WORK/snmptrapd.conf"
  start srv snmpd -f -Lo -C -c "$WORK/snmpd.conf" udp:161
  start srv snmptrapd -f -Lo -C -c "$WORK/snmptrapd.conf" udp:162
  wait_udp srv 0.0.0.0 161
  wait_udp srv 0.0.0.0 162
  capture gw cli
  at cli snmpget -v 1 -c Kiln-7-ro $SRV4 1.3.6.1.2.1.1.1.0
  at cli snmpgetnext -v 2c -c Kiln-7-ro $SRV4 1.3.6.1.2.1.1
  at cli snmpset -v 2c -c Kiln-7-rw $SRV4 1.3.6.1.2.1.1.5.0 s kiln7
  at cli snmpbulkwalk -v 2c -c Kiln-7-ro $SRV4 1.3.6.1.2.1.1
  at cli snmpget -v 2c -c public -r 0 -t 1 $SRV4 1.3.6.1.2.1.1.1.0 || true
  at cli snmpget -v 3 -u watch -l authNoPriv -a SHA -A Kiln-7-watching $SRV4 1.3.6.1.2.1.1.3.0
  at cli snmpget -v 3 -u watch -l authPriv -a SHA -A Kiln-7-watching -x AES -X Kiln-7-secret $SRV4 1.3.6.1.2.1.1.3.0
  at cli snmpget -v 3 -u nobody -l noAuthNoPriv $SRV4 1.3.6.1.2.1.1.3.0 || true
  at cli snmptrap -v 1 -c Kiln-7-trap $SRV4 1.3.6.1.4.1.8072.3 $CLI4 6 17 '' 1.3.6.1.2.1.1.6.0 s "hall 2"
  at cli snmptrap -v 2c -c Kiln-7-trap $SRV4 '' 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.1.1 i 1
  at cli snmpinform -v 2c -c Kiln-7-trap $SRV4 '' 1.3.6.1.6.3.1.1.5.4
}
