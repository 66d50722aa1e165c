package dissect

// Limits are the settings that parsers heed. The engine fills them from the configuration;
// DefaultLimits are Suricata's defaults where it has the setting.
type Limits struct {
	// KeepBodies is set when a rule, script or output looks at bodies or file contents: only
	// then are they kept for inspection, up to the limits below.
	KeepBodies bool
	// KeepCerts is set when a rule may ask for certificates of TLS to be stored: they are kept until both sides encrypt.
	KeepCerts bool
	// Frames is set when a rule or an output looks at frames, see Ctx.Frame.
	Frames bool
	// Hash says which digests of files are computed.
	HashMD5, HashSHA1, HashSHA256 bool
	// JA3, JA4 and HASSH say that those fingerprints are computed.
	JA3, JA4, HASSH bool

	HTTP HTTPLimits
	SMTP SMTPLimits
	// FileInspect caps how many bytes of a file are kept for content rules.
	FileInspect int
	// Settings gives other app-layer settings by their dotted name below app-layer.protocols
	// ("http.libhtp.default-config.personality"); nil when none was given.
	Settings map[string]string
}

// HTTPLimits bound the work on one HTTP message.
type HTTPLimits struct {
	RequestBodyLimit  int // bytes of a request body kept for inspection; 0: none is refused
	ResponseBodyLimit int
	DecompressLayers  int   // encodings that are undone one after the other
	BombLimit         int64 // decompressed bytes past which a body that grew too much is given up
	LZMA              bool
	DoubleDecodePath  bool
	DoubleDecodeQuery bool
	FieldLimit        int // longest header line, bytes
	MaxHeaders        int
	MaxTx             int // pipelined requests of one flow that wait for responses
}

// SMTPLimits bound the work on one mail.
type SMTPLimits struct {
	DecodeMIME       bool
	DecodeBase64     bool
	DecodeQP         bool
	HeaderValueDepth int
	ExtractURLs      bool
	BodyMD5          string // whose bodies are digested: "true": all, "false": none, "auto": all where rules ask for it
	RawExtraction    bool
	ContentLimit     int // bytes of attachment content kept for inspection
	InspectMinSize   int
	InspectWindow    int
	MaxURLs          int
	MaxDepth         int // nested multiparts
}

// DefaultLimits gives the defaults.
func DefaultLimits() Limits {
	return Limits{
		JA3: true, JA4: true, HASSH: true,
		HTTP: HTTPLimits{
			RequestBodyLimit: 100 << 10, ResponseBodyLimit: 100 << 10,
			DecompressLayers: 2, BombLimit: 1 << 20,
			FieldLimit: 18000, MaxHeaders: 1024, MaxTx: 512,
		},
		SMTP: SMTPLimits{
			DecodeMIME: true, DecodeBase64: true, DecodeQP: true, HeaderValueDepth: 2000,
			ExtractURLs: true, BodyMD5: "auto", ContentLimit: 100 << 10, InspectMinSize: 32 << 10,
			InspectWindow: 4 << 10, MaxURLs: 256, MaxDepth: 16,
		},
		FileInspect: 100 << 10,
	}
}
