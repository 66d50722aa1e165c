package config

import (
	"strings"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/eve"
)

// coreType finds a core record type by the name that the list of types uses.
func coreType(name string) (eve.Type, bool) {
	switch name {
	case "alert":
		return eve.Alert, true
	case "anomaly":
		return eve.Anomaly, true
	case "flow":
		return eve.FlowRecord, true
	case "netflow":
		return eve.Netflow, true
	case "files", "fileinfo":
		return eve.Fileinfo, true
	case "stats":
		return eve.Stats, true
	case "arp":
		return eve.ARP, true
	}
	return 0, false
}

// setTypes reads the list of record types: only those are written.
func setTypes(c *engine.Config, _ []string, v string) error {
	o := &c.EVEOptions
	clear(o.Core[:])
	o.Protocols, o.OnlyListed = map[string]bool{}, true
	for _, name := range strings.Split(v, ",") {
		name = strings.TrimSpace(name)
		if name == "vars" { // as Suricata has it still
			name = "metadata"
		}
		if t, ok := coreType(name); ok {
			o.Core[t] = true
		} else if name != "" {
			o.Protocols[name] = true
		}
	}
	return nil
}

// setTypeOption reads a setting of one record type: alert.payload = true.
func setTypeOption(c *engine.Config, parts []string, v string) error {
	o := &c.EVEOptions
	if len(parts) == 2 && parts[1] == "enabled" {
		return enableType(o, parts[0], v)
	}
	name := strings.Join(parts, ".")
	if o.Settings == nil {
		o.Settings = map[string]string{}
	}
	o.Settings[name] = v
	if flag := typeFlag(o, c, name); flag != nil {
		b, err := parseBool(v)
		if err == nil {
			*flag = b
		}
		return err
	}
	switch {
	case name == "alert.payload-buffer-size":
		n, err := parseSize(v)
		if err == nil {
			o.Alerts.PayloadBuffer = int(n)
		}
		return err
	case name == "alert.metadata":
		if b, err := parseBool(v); err == nil {
			o.Alerts.Metadata, o.Alerts.RuleMetadata, o.Alerts.AppLayer, o.Alerts.Flow = b, b, b, b
		}
	case strings.HasPrefix(name, "files.force-hash"):
		setHash(c, v)
	}
	return nil
}

func enableType(o *eve.Options, name, v string) error {
	b, err := parseBool(v)
	if err != nil {
		return err
	}
	if t, ok := coreType(name); ok {
		o.Core[t] = b
		return nil
	}
	if o.Protocols == nil {
		o.Protocols = map[string]bool{}
	}
	o.Protocols[name] = b
	return nil
}

func typeFlag(o *eve.Options, c *engine.Config, name string) *bool {
	switch name {
	case "alert.payload":
		return &o.Alerts.Payload
	case "alert.payload-printable":
		return &o.Alerts.PayloadPrintable
	case "alert.payload-length":
		return &o.Alerts.PayloadLength
	case "alert.packet":
		return &o.Alerts.Packet
	case "alert.http-body":
		return &o.Alerts.HTTPBody
	case "alert.http-body-printable":
		return &o.Alerts.HTTPBodyPrint
	case "alert.tagged-packets":
		return &o.Alerts.Tagged
	case "alert.verdict":
		return &o.Alerts.Verdict
	case "alert.metadata.rule.metadata":
		return &o.Alerts.RuleMetadata
	case "alert.metadata.rule.raw":
		return &o.Alerts.RuleRaw
	case "alert.metadata.rule.reference":
		return &o.Alerts.RuleReference
	case "alert.metadata.flow":
		return &o.Alerts.Flow
	case "alert.metadata.app-layer":
		return &o.Alerts.AppLayer
	case "flow.exception-policy":
		return &o.FlowPolicy
	case "anomaly.types.decode":
		return &o.Anomalies.Decode
	case "anomaly.types.stream":
		return &o.Anomalies.Stream
	case "anomaly.types.applayer":
		return &o.Anomalies.AppLayer
	case "anomaly.packethdr":
		return &o.Anomalies.PacketHdr
	case "files.force-md5":
		return &c.Limits.HashMD5
	case "files.force-filestore":
		return &c.FileStore.All
	}
	return nil
}

// setFileStore reads the store of files; they are named by SHA-256.
func setFileStore(c *engine.Config, parts []string, v string) error {
	f := &c.FileStore
	flag := map[string]*bool{"enabled": &f.Enabled, "force-filestore": &f.All, "write-fileinfo": &f.WriteInfo}[parts[0]]
	switch {
	case flag != nil:
		b, err := parseBool(v)
		*flag = b
		return err
	case parts[0] == "dir":
		f.Named = v
	case parts[0] == "force-hash":
		setHash(c, v)
	case parts[0] == "stream-depth" && v != "no":
		n, err := parseSize(v)
		f.Unlimited, c.TCP.FileDepth = err == nil && n == 0, uint64(max(n, 0))
		return err
	}
	return nil
}

// setTLSStore reads the store of certificates.
func setTLSStore(c *engine.Config, parts []string, v string) error {
	switch parts[0] {
	case "enabled":
		b, err := parseBool(v)
		c.TLSStore.Enabled = b
		return err
	case "certs-log-dir":
		c.TLSStore.Named = v
	}
	return nil
}

// setHash reads names of digests, with or without the brackets of a list.
func setHash(c *engine.Config, v string) {
	for _, name := range strings.Split(strings.Trim(strings.TrimSpace(v), "[]"), ",") {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "md5":
			c.Limits.HashMD5 = true
		case "sha1":
			c.Limits.HashSHA1 = true
		case "sha256":
			c.Limits.HashSHA256 = true
		}
	}
}
