package pgsql

import "github.com/luanids/luanids/dissect"

// text declares a text field.
var text = dissect.Str[Tx]

// present makes an empty text an absent one.
func present(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func startParam(name string) func(t *Tx) []byte {
	return func(t *Tx) []byte { return present(t.param(name)) }
}

// errField gives a field of an error or notice by its position in errNames.
func errField(i int) func(t *Tx) []byte {
	return func(t *Tx) []byte { return present(t.at(t.errs[i])) }
}

// positive declares a number that is absent where it is negative.
func positive(name, event, doc string, get func(t *Tx) int64) dissect.Field {
	return dissect.Int(name, event, doc, func(t *Tx) (int64, bool) { n := get(t); return n, n >= 0 })
}

// ofResult gives a number of the results, -1 where there are none.
func (t *Tx) ofResult(n uint64) int64 {
	if t.rows == 0 && t.fields < 0 {
		return -1
	}
	return int64(n)
}

func fields() []dissect.Field {
	return []dissect.Field{
		text("pgsql.request.type", request, "what the client sent", func(t *Tx) []byte { return dissect.Text(kindNames[t.kind]) }).OneOf(kindNames[1:]...),
		dissect.Strs("pgsql.query", request, "text of the query; of all queries that are prepared before one Sync", func(t *Tx, i int) ([]byte, bool) {
			if i < len(t.queries) {
				return t.at(t.queries[i]), true
			}
			return nil, false
		}),
		text("pgsql.user", request, "user of a start", startParam("user")),
		text("pgsql.database", request, "database of a start; that of the user's name where it is absent", startParam("database")),
		text("pgsql.application_name", request, "program of a start", startParam("application_name")),
		dissect.Int("pgsql.protocol_version", request, "version of a start, times 65536: 196608 is 3.0", func(t *Tx) (int64, bool) {
			return int64(t.major)<<16 | int64(t.minor), t.kind == kStartup
		}),
		text("pgsql.password", request, "password as it was sent: in the clear, or md5 and its digest", func(t *Tx) []byte {
			if t.kind == kPassword {
				return present(t.at(t.secret))
			}
			return nil
		}),
		text("pgsql.sasl_mechanism", request, "mechanism of SASL that the client chose", func(t *Tx) []byte { return present(t.at(t.mechanism)) }),
		dissect.Bool("pgsql.ssl_accepted", response, "the server goes on with TLS", func(t *Tx) bool { return t.ssl > 0 }),
		text("pgsql.authentication", response, "what the server says of authentication: authentication_ok, authentication_md5_password", func(t *Tx) []byte { return dissect.Text(t.message) }),
		text("pgsql.command_completed", response, "the command that was carried out, with the number of rows: SELECT 4", func(t *Tx) []byte { return present(t.at(t.command)) }),
		positive("pgsql.field_count", response, "columns of the result", func(t *Tx) int64 { return int64(t.fields) }),
		positive("pgsql.data_rows", response, "rows of the results", func(t *Tx) int64 { return t.ofResult(t.rows) }),
		positive("pgsql.data_size", response, "bytes of the values of all rows", func(t *Tx) int64 { return t.ofResult(t.rowBytes) }).Of(dissect.TSize),
		positive("pgsql.copy_in_size", request, "bytes that the client sent for a COPY, known at its end", func(t *Tx) int64 {
			if t.kind != kCopy {
				return -1
			}
			return int64(t.copied.bytes)
		}).Of(dissect.TSize),
		positive("pgsql.copy_out_size", response, "bytes that the server sent for a COPY", func(t *Tx) int64 { return int64(t.out.bytes) }).Of(dissect.TSize),
		dissect.Bool("pgsql.error", response, "the server reported an error, not only a notice", func(t *Tx) bool { return t.failed }),
		text("pgsql.severity", response, "severity of an error or notice, in English: ERROR, FATAL, NOTICE (PostgreSQL 9.6 on)", errField(errSeverity)),
		text("pgsql.code", response, "SQLSTATE of an error or notice: 28P01", errField(errCode)),
		text("pgsql.message", response, "text of an error or notice", errField(errMessage)),
	}
}
