package output

import "time"

// Settings are how outputs behave, apart from where they write to.
type Settings struct {
	// JSON is when the JSON file is put aside.
	JSON RotateOptions
	// EVE is when the file of EVE records is put aside.
	EVE RotateOptions
	// QueueAlerts and QueueBytes bound the queue of each output; QueueBytes that of EVE records too.
	QueueAlerts, QueueBytes int
	// SQLiteDelay is how long alerts are gathered for one transaction.
	SQLiteDelay time.Duration
	// SyslogBacklog is how many messages wait for a TCP server to come back.
	SyslogBacklog int
}

// DefaultSettings gives the defaults: no rotation, 8192 alerts or 32 MiB a queue.
func DefaultSettings() Settings {
	return Settings{QueueAlerts: 8192, QueueBytes: 32 << 20, SQLiteDelay: 25 * time.Millisecond, SyslogBacklog: 10_000}
}
