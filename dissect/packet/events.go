package packet

// Event is an anomaly that decoding found, with Suricata's name.
type Event uint16
