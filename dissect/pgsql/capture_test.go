package pgsql

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// TestCapture reads what psql and pgbench say to PostgreSQL.
func TestCapture(t *testing.T) {
	text := replay.Saying(t, "../../testdata/captures/pgsql_shop.pcap", Spec, []string{
		`"optional_parameters":[{"database":"shop"}`, `"sasl_authentication_mechanism":"scram_SHA256"`, `"authentication_md5_password":`,
		`"message":"authentication_cleartext_password"`, `"request":{"message":"SSL Request"},"response":{"ssl_accepted":true}`,
		`"request":{"message":"SSL Request"},"response":{"ssl_accepted":false}`, `"simple_query":"insert into orders values (1, 'Ähre & Co', 12.50), (2, null, 99);"`,
		`"response":{"field_count":3,"data_rows":2,"data_size":19,"command_completed":"SELECT 2"}`, `"code":"42P01","message":"relation \"missing\" does not exist"`,
		`"copy_in_response":{"columns":3}`, `"request":{"message":"copy_done","copy_data_in":{"msg_count":1,"data_size":22}},"response":{"command_completed":"COPY 2"}`,
		`"copy_data_out":{"row_count":4,"data_size":46},"command_completed":"COPY 4"`, `"request":{"message":"extended_query","simple_query":"select customer from orders where id = $1;"}`,
		`"request":{"simple_query":"notify till, 'ready';"},"response":{"pid":`, `"channel_name":"till","payload":"ready","command_completed":"NOTIFY"}`,
		`"message":"cancel_request"`, `"code":"57014"`, `"code":"28P01"`, `upgrade "tls"`,
	})
	for line := range strings.Lines(text) {
		if line[0] == '{' && strings.Contains(line, "Correct-Horse") {
			t.Errorf("a record has the password: %s", line)
		}
	}
}
