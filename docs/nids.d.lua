---@meta nids
-- Made of the API's declarations by go test ./lua -update; do not edit. For language servers; not to be run.

---@class DetectorDeclaration
---@field id string
---@field title? string
---@field severity? "info"|"low"|"medium"|"high"|"critical"
---@field type? "behavioral"|"anomaly"
---@field mitre? string|string[]
---@field tags? string|string[]
---@field doc? string
---@field params? table<string, any>
---@field cooldown? string|number
---@field key? string

---@class StoreDeclaration
---@field name? string
---@field key? string
---@field ttl? string|number
---@field max_age? string|number
---@field max? number
---@field value? fun(): any
---@field on_expire? fun(value: any, ...)

---@class SpikesDeclaration
---@field name? string
---@field key? string
---@field ttl? string|number
---@field max_age? string|number
---@field max? number
---@field every string|number
---@field floor? number
---@field sigma? number
---@field alpha? number
---@field warmup? number
---@field drift? number
---@field threshold? number

---What a handler gets. Its members are the fields of the rule language: ev.src.ip, ev.http.uri, ev.flow.bytes_to_server; those of the event's own kind also without their prefix: at flow.end, ev.bytes_to_server. A field that is absent is nil; times and durations are seconds; fields with several values are lists. A name below a field that has a value itself is read with an underscore: dns.rcode.name as ev.dns.rcode_name. An event can be read during its callback only.
---@class Event
---@field [string] any
---@field event string name of the event
---@field time number packet time, seconds since the Unix epoch
---@field dir string to_server or to_client
---@field data string|nil the new bytes, at stream.data; the payload, at packet
---@field window string|nil at stream.data the new bytes and some of those before
---@field offset number|nil offset of data in the stream
---@field get fun(self: Event, name: string): any Gives the field of that dotted name, nil where it is absent.
---@field copy fun(self: Event): table<string, any> Gives a table of all fields that are present, by dotted name, to keep.
---@field kill fun(self: Event): boolean, string|nil Cuts the connection (live, with --respond). false and a reason where it cannot be.
---@field discard fun(self: Event) Stops this handler's events of this flow.
---@field set_flag fun(self: Event, name: string, on?: boolean) Sets or clears a flag of the flow, which rules test.
---@field has_flag fun(self: Event, name: string): boolean Tells whether a flag of the flow is set.

---A declared detector.
---@class Detector
---@field params table<string, any> parameters, after overrides: durations in seconds, sizes in bytes
---@field id string id of the detector
---@field alert fun(self: Detector, about: Event|table|nil, score?: number, evidence?: table, title?: string): boolean Raises an alert about an event, whose source is the flow's client, or about the end points of a table { src_ip, dst_ip, src_port, dst_port, proto, event }. event is the event of a table that names other ends. score is 0..1 (1). evidence holds the figures that led to it. With a cooldown, false where the key alerted recently.

---A bounded table by key, made by nids.store. Where the store has a key expression, methods take the event; else one or more values.
---@class Store
---@field get fun(self: Store, key: Event|string|number|boolean, ...: string|number|boolean): any Gives the value of a key; a new key gets a new value.
---@field peek fun(self: Store, key: Event|string|number|boolean, ...: string|number|boolean): any Gives the value of a key, nil where there is none; does not count as use.
---@field set fun(self: Store, key: Event|string|number|boolean, value: any) Sets the value of a key of one part (or of an event).
---@field incr fun(self: Store, key: Event|string|number|boolean, n?: number): number Adds n (1) to the number of a key and gives the sum.
---@field delete fun(self: Store, key: Event|string|number|boolean, ...: string|number|boolean): boolean Drops a key; tells whether it was there.
---@field count fun(self: Store): number How many entries there are.
---@field each fun(self: Store, fn: fun(value: any, ...): boolean|nil) Calls fn with each value and the parts of its key, the latest used first; false ends it.
---@field clear fun(self: Store) Drops everything.

---Finds keys that have far more in a step than they used to, made by nids.spikes.
---@class Spikes
---@field add fun(self: Spikes, key: Event|string|number|boolean, n?: number) Counts n (1) for a key in this step.
---@field step fun(self: Spikes, fn: fun(rate: number, baseline: number, sigma: number, ramp: boolean, ...)): number Ends a step: calls fn for each key that alarms, with its rate a second, what was usual, the standard deviations between them, whether it has been above for long, and the parts of its key. Gives their number.
---@field count fun(self: Spikes): number How many keys there are.

---A series of events, made by nids.series. Gaps are the times between events, in seconds.
---@class Series
---@field push fun(self: Series, time: number, size?: number) Adds an event; times need not come in order.
---@field count fun(self: Series): number How many events are kept.
---@field total fun(self: Series): number How many events were pushed.
---@field span fun(self: Series): number Seconds from the first event to the last.
---@field median_gap fun(self: Series): number Median of the gaps.
---@field mad_gap fun(self: Series): number Median absolute deviation of the gaps.
---@field skew_gap fun(self: Series): number Bowley skewness of the gaps, -1..1.
---@field median fun(self: Series): number Median of the sizes.
---@field mad fun(self: Series): number Median absolute deviation of the sizes.
---@field skew fun(self: Series): number Bowley skewness of the sizes.
---@field mean fun(self: Series): number Mean of the sizes.
---@field stddev fun(self: Series): number Standard deviation of the sizes.
---@field gaps fun(self: Series): number[] The gaps in order.
---@field values fun(self: Series): number[] The sizes in order of time.
---@field histogram fun(self: Series, bins: number): number[] Events in so many equal parts of the span.
---@field prune fun(self: Series, before: number) Forgets events before that time.
---@field clear fun(self: Series) Forgets all events.
---@field periodicity fun(self: Series, window?: string|number): number, table Scores 0..1 how much the series looks like a beacon, with the figures: RITA's four parts (timing, sizes, histogram, duration as a share of window), the peak of the periodogram (phase), p among random arrivals, period, jitter. The score is halved where p is not below 0.01.

---A count over a sliding window, made by nids.counter.
---@class Counter
---@field add fun(self: Counter, n?: number, time?: number): number Adds n (1) now, or at that time, and gives the sum over the window.
---@field sum fun(self: Counter, time?: number): number The sum over the window that ends now.
---@field around fun(self: Counter, time: number, steps: number): number The largest sum of so many steps in a row (at most 60) of which one is that of time.
---@field clear fun(self: Counter) Starts anew.

---Counts different values over a sliding window, made by nids.distinct.
---@class Distinct
---@field add fun(self: Distinct, value: string|number|boolean, time?: number): number, boolean Notes a value; gives how many there are, and whether it is new.
---@field has fun(self: Distinct, value: string|number|boolean): boolean Tells whether a value is there.
---@field count fun(self: Distinct, time?: number): number How many values there are.
---@field values fun(self: Distinct, most?: number): any[] The values, at most so many (100).
---@field clear fun(self: Distinct) Starts anew.

---Estimates the number of different values, made by nids.hll.
---@class HyperLogLog
---@field add fun(self: HyperLogLog, value: string|number|boolean) Notes a value.
---@field count fun(self: HyperLogLog): number The estimate.
---@field clear fun(self: HyperLogLog) Starts anew.

---The values with the largest counts, made by nids.topk. Counts are estimates, never too low.
---@class TopK
---@field add fun(self: TopK, value: string, n?: number): number Adds n (1) to a value and gives its count.
---@field count fun(self: TopK, value: string): number The count of a value.
---@field list fun(self: TopK): { key: string, count: number }[] The largest, the largest first.

---A baseline that forgets, made by nids.ewma.
---@class EWMA
---@field add fun(self: EWMA, x: number) Takes a value into the baseline. Leave values out while alarming, or the baseline learns the attack.
---@field score fun(self: EWMA, x: number): number How many standard deviations x is above the baseline. The deviation is taken to be at least a tenth of the mean.
---@field mean fun(self: EWMA): number The mean.
---@field count fun(self: EWMA): number How many values were taken.

---A cumulated sum, made by nids.cusum.
---@class CUSUM
---@field add fun(self: CUSUM, z: number): boolean Takes a deviation, in standard deviations; true once the sum is past the threshold.
---@field sum fun(self: CUSUM): number The sum.
---@field reset fun(self: CUSUM) Starts anew.

---A threshold random walk, made by nids.trw.
---@class TRW
---@field add fun(self: TRW, success: boolean): string Takes the outcome of a first contact: pending, scanner or benign.
---@field ratio fun(self: TRW): number The likelihood ratio.
---@field failures fun(self: TRW): number Failures since the walk began.

---A set of addresses, prefixes and names, made by nids.set.
---@class Set
---@field has fun(self: Set, value: string|nil): boolean Tells whether an address or name is in the set; false for nil.
---@field add fun(self: Set, entry: string) Adds an address, prefix or name.
---@field count fun(self: Set): number How many entries were added.

---A number that stats show, made by nids.metric.
---@class Metric
---@field inc fun(self: Metric, n?: number) Adds n, 1 by default.
---@field set fun(self: Metric, n: number) Sets the number.
---@field get fun(self: Metric): number Gives the number.

---A condition of the rule language, made by nids.expr.
---@class Expr
---@field test fun(self: Expr, ev: Event): boolean Tells whether the condition holds for the event.

---A TCP connection, given to handlers of nids.register_tcp.
---@class TcpStream
---@field addr table {{source, port}, {destination, port}}
---@field nids_state number nids.JUST_EST, DATA, CLOSE, RESET, TIMED_OUT or EXITING
---@field client HalfStream what the client received
---@field server HalfStream what the server received
---@field discard fun(self: TcpStream, n: number) At DATA: forgets only the first n bytes of what is collected, and keeps the rest. Without it all is forgotten.
---@field kill fun(self: TcpStream): boolean, string|nil Cuts the connection (live, with --respond).

---What one side of a connection received.
---@class HalfStream
---@field collect boolean may be set: whether data is collected
---@field collect_urg boolean may be set: whether urgent bytes are told
---@field data string what is collected and not discarded
---@field count number bytes collected so far, discarded ones too
---@field count_new number bytes that are new at this call
---@field offset number offset of data in what was collected
---@field urgdata string the urgent byte that came last; it is no part of data
---@field count_new_urg number 1 where an urgent byte is new at this call
---@field truncated boolean more was to be collected than a string can hold

---@class nids
nids = {}

---Calls handler for each event of that name for which filter, a condition of the rule language, holds. `exit` is the end of the run, `alert` any alert. Handlers of one event are called in the order of loading.
---@type fun(event: string, filter?: string, handler: fun(ev: Event))
nids.on = nil

---Calls handler every so often in packet time, at multiples of the interval. After a pause of the capture it is called once.
---@type fun(interval: string|number, handler: fun(now: number))
nids.every = nil

---Declares a detector: id, title, severity (info, low, medium, high, critical), and optionally type (the alert_type of its alerts: behavioral, the default, or anomaly where traffic is held against what is usual), mitre, tags, doc, params with their defaults, and a cooldown with its key: at most one alert for each key within that time. The default decides a parameter's type: a number, "24h" (a duration, read in seconds), "10MiB" (a size, read in bytes), true, a string, a list; or a table with default, min, max and doc.
---@type fun(declaration: DetectorDeclaration): Detector
nids.detector = nil

---Gives the script one VM in each worker instead of one in the ordered stage. For scripts whose state belongs to one flow: it is faster, but globals are not shared between workers.
---@type fun()
nids.parallel = nil

---Gives rules a function: `when is_dga(dns.rrname)`. types are string, bytes, int, float, bool or ip. Such conditions are judged last.
---@type fun(name: string, types: string[], fn: fun(...): boolean)
nids.predicate = nil

---Tells whether there is an event of that name, for scripts that use what is there.
---@type fun(name: string): boolean
nids.has_event = nil

---Tells whether there is a field of that name.
---@type fun(name: string): boolean
nids.has_field = nil

---Packet time, seconds since the Unix epoch. A replay gives the same times at any speed.
---@type fun(): number
nids.now = nil

---Packet time of the first event: when watching began. 0 while the script is being loaded.
---@type fun(): number
nids.began = nil

---Writes a line to the log: level debug, info (the default), warning or error.
---@type fun(text: any, level?: string)
nids.log = nil

---A number that appears in stats and metrics under the script's name.
---@type fun(name: string, doc?: string): Metric
nids.metric = nil

---Compiles a condition of the rule language, to be tested on events with :test(ev).
---@type fun(condition: string): Expr
nids.expr = nil

---Looks a value up in the threat-intel feeds: kind ip, domain, url, hash, ja3 or ja4. Gives feed, kind, severity and description, or nil.
---@type fun(kind: string, value: string): table|nil
nids.intel = nil

---Sets a flag of a host, which rules test, for a time (1h); ttl 0 clears it.
---@type fun(ip: string, name: string, ttl?: string|number)
nids.set_host_flag = nil

---Tells whether a flag of a host is set.
---@type fun(ip: string, name: string): boolean
nids.host_flag = nil

---A table with a cap and a time to live, which survives a reload of the script. `key` names fields: methods then take an event; without it they take values. `value` makes the value of a new key (a function, or a plain default; 0). `max` entries (100000) are kept, those not used for longest go first; `ttl` is since the last use, `max_age` since the entry was made. `on_expire(value, ...)` is called with what goes by time, and the parts of its key.
---@type fun(declaration: StoreDeclaration): Store
nids.store = nil

---A series of events with a time and a size, of which the latest max are kept.
---@type fun(max: number): Series
nids.series = nil

---A count over a sliding window, in steps (12).
---@type fun(window: string|number, steps?: number): Counter
nids.counter = nil

---Counts different values over a sliding window, exactly up to max (1024); without a window, for ever.
---@type fun(window?: string|number, max?: number): Distinct
nids.distinct = nil

---Counts by key in steps, and finds the steps in which a key has far more than it used to: `key`, `name`, `max` and `ttl` as for nids.store; `every` is the length of a step, `floor` the rate a second from which on there is an alarm, `sigma` (3.5) how many standard deviations above the key's baseline (`alpha`, `warmup` as for nids.ewma), or for how long a little above it (`drift`, `threshold` as for nids.cusum). Call step in nids.every.
---@type fun(declaration: SpikesDeclaration): Spikes
nids.spikes = nil

---Estimates the number of different values (HyperLogLog, error about 0.8 %) in at most 16 kB.
---@type fun(): HyperLogLog
nids.hll = nil

---Finds the values with the largest counts among any number of them: a count-min sketch with a list of the k largest.
---@type fun(k: number, width?: number): TopK
nids.topk = nil

---A baseline that forgets: exponentially weighted mean and deviation. alpha (0.3) is the weight of the newest value; during warmup (10 values) scores are 0.
---@type fun(options?: { alpha: number, warmup: number }): EWMA
nids.ewma = nil

---Finds a mean that has moved up by little but for long (Page 1954), on deviations in standard deviations. drift (0.5) is what is allowed, threshold (8) what the sum may reach.
---@type fun(options?: { drift: number, threshold: number }): CUSUM
nids.cusum = nil

---Threshold random walk (Jung et al. 2004): whether a source that contacts hosts for the first time scans. theta0 (0.8) and theta1 (0.2) are the probabilities of success for benign sources and scanners, pd (0.99) and pf (0.01) the wanted rates.
---@type fun(options?: { theta0: number, theta1: number, pd: number, pf: number }): TRW
nids.trw = nil

---Shannon entropy, bits a byte, 0..8.
---@type fun(text: string): number
nids.entropy = nil

---Median of a list of numbers.
---@type fun(list: number[]): number
nids.median = nil

---Median absolute deviation; 1.4826 times it estimates a standard deviation.
---@type fun(list: number[]): number
nids.mad = nil

---Mean of a list of numbers.
---@type fun(list: number[]): number
nids.mean = nil

---Standard deviation of a list of numbers.
---@type fun(list: number[]): number
nids.stddev = nil

---Tells whether a text is SQL injection by libinjection, with the fingerprint found.
---@type fun(text: string): boolean, string
nids.is_sqli = nil

---Tells whether a text is cross-site scripting by libinjection.
---@type fun(text: string): boolean
nids.is_xss = nil

---Seconds of "1h30m"; units ns, us, ms, s, m, h, d, w.
---@type fun(text: string|number): number
nids.duration = nil

---Bytes of "10MiB"; units B, kB, MB, GB, KiB, MiB, GiB.
---@type fun(text: string|number): number
nids.size = nil

---A time, seconds since the epoch, in UTC: RFC 3339, or by a format as of os.date.
---@type fun(time: number, format?: string): string
nids.time_format = nil

---A size for people.
---@type fun(bytes: number): string
nids.format_size = nil

---The canonical form of an address, nil if it is none.
---@type fun(text: string): string|nil
nids.ip = nil

---Tells whether an address is within a prefix.
---@type fun(ip: string, prefix: string): boolean
nids.in_cidr = nil

---Tells whether an address is of no global meaning: private, link-local, loopback, unique local, or unspecified.
---@type fun(ip: string): boolean
nids.is_private = nil

---Tells whether an address is multicast or broadcast.
---@type fun(ip: string): boolean
nids.is_multicast = nil

---A set of addresses, prefixes and names; a name stands for its subdomains too where it begins with a dot. Look-ups take about the same time for any size.
---@type fun(entries?: string[]): Set
nids.set = nil

---The set that the rule files call by that name: HOME, or a list. Empty where there is none.
---@type fun(name: string): Set
nids.list = nil

---The part of a name below which anybody can register, by the public suffix list.
---@type fun(name: string): string
nids.public_suffix = nil

---The public suffix and one label more; nil for a suffix itself.
---@type fun(name: string): string|nil
nids.registered_domain = nil

---What stands before the registered domain.
---@type fun(name: string): string
nids.subdomain = nil

---Base64 (RFC 4648).
---@type fun(text: string): string
nids.base64_encode = nil

---Undoes base64, with or without padding, also with the URL alphabet; nil if it is none.
---@type fun(text: string): string|nil
nids.base64_decode = nil

---Hexadecimal, lower case.
---@type fun(text: string): string
nids.hex_encode = nil

---Undoes hexadecimal; nil if it is none.
---@type fun(text: string): string|nil
nids.hex_decode = nil

---JSON of a value; members in the order of their names. An empty table is {}.
---@type fun(value: any): string
nids.json_encode = nil

---The value of a JSON text; nil and what is wrong if it is none.
---@type fun(text: string): any, string|nil
nids.json_decode = nil

---MD5, hexadecimal.
---@type fun(text: string): string
nids.md5 = nil

---SHA-1, hexadecimal.
---@type fun(text: string): string
nids.sha1 = nil

---SHA-256, hexadecimal.
---@type fun(text: string): string
nids.sha256 = nil

---CRC-32 (IEEE).
---@type fun(text: string): number
nids.crc32 = nil

---Undoes percent encoding (and + for a space), so many times (1) or until nothing changes. What is no encoding stays.
---@type fun(text: string, times?: number): string
nids.url_decode = nil

---Calls handler with each TCP connection in the states JUST_EST, DATA, CLOSE, RESET, TIMED_OUT and EXITING. DATA comes for the halves with collect set; a connection of which nothing is to be collected after JUST_EST is not told again, as in libnids.
---@type fun(handler: fun(stream: TcpStream))
nids.register_tcp = nil

---Calls handler with each UDP datagram: {{source, port}, {destination, port}}, payload, and the packet from its IP header on.
---@type fun(handler: fun(addrs: table, payload: string, packet: string))
nids.register_udp = nil

---Calls handler with each IP packet, from its header on, after defragmentation.
---@type fun(handler: fun(packet: string))
nids.register_ip = nil

---Calls handler with each IP packet as captured, fragments too.
---@type fun(handler: fun(packet: string))
nids.register_ip_frag = nil

---Gives a parameter of libnids, and sets it where a value is given (before nids.init).
---@type fun(name: string, value?: any): any
nids.param = nil

---For which sources checksums are checked: { {"10.0.0.0/8", false}, ... }; the first match decides.
---@type fun(list: table)
nids.chksum_ctl = nil

---Checks the parameters; may be left out.
---@type fun()
nids.init = nil

---Gives packets to the handlers until the end of the capture, then returns.
---@type fun()
nids.run = nil

---Gives one more event to the handlers: 1, or 0 at the end of the capture.
---@type fun(): number
nids.next = nil

---Gives up to n more events to the handlers, all that come where n is -1, and then tells how many they were: fewer than n at the end of the capture.
---@type fun(n: number): number
nids.dispatch = nil

---A descriptor for select, poll or epoll, in luanids run: readable while packets wait, always where a capture file is read. nids.next and nids.dispatch wait for packets by themselves too.
---@type fun(): number
nids.getfd = nil

---@type any
nids.JUST_EST = nil

---@type any
nids.NIDS_JUST_EST = nil

---@type any
nids.DATA = nil

---@type any
nids.NIDS_DATA = nil

---@type any
nids.CLOSE = nil

---@type any
nids.NIDS_CLOSE = nil

---@type any
nids.RESET = nil

---@type any
nids.NIDS_RESET = nil

---@type any
nids.TIMED_OUT = nil

---@type any
nids.NIDS_TIMED_OUT = nil

---@type any
nids.TIMEOUT = nil

---@type any
nids.NIDS_TIMEOUT = nil

---@type any
nids.EXITING = nil

---@type any
nids.NIDS_EXITING = nil

---@type any
nids.version = nil

---@type any
nids.args = nil
