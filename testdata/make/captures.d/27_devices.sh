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
