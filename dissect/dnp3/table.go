package dnp3

import (
	"strconv"
	"strings"
)

// layoutOf gives the layout of an object's points, nil where it is not known.
func layoutOf(group, variation byte) *layout {
	switch group {
	case 0:
		return attribute
	case 110, 111, 112, 113: // octet strings and virtual terminals: the variation is the length
		return &strings256[variation]
	}
	return layouts[code(group, variation)]
}

func code(group, variation byte) uint16 { return uint16(group)<<8 | uint16(variation) }

// flags makes items of the bits of one octet, the lowest first; state/2 has two bits.
func flags(names string) (list []item) {
	for _, name := range strings.Fields(names) {
		name, width, _ := strings.Cut(name, "/")
		n, err := strconv.Atoi(width)
		if err != nil {
			n = 1
		}
		list = append(list, item{name: name, kind: kBits, width: uint8(n)})
	}
	return list
}

func number(k kind, width uint8) func(name string) []item {
	return func(name string) []item { return []item{{name: name, kind: k, width: width}} }
}

var (
	u8, u16, u32 = number(kUint, 1), number(kUint, 2), number(kUint, 4)
	i16, i32     = number(kInt, 2), number(kInt, 4)
	f32, f64     = number(kFloat, 4), number(kFloat, 8)
	stamp        = number(kUint, 6)("timestamp") // milliseconds since 1970
	t48          = number(kUint, 6)
)

// text and blob are of a length that another item gives; "": up to the end of a point that is preceded by its size.
func text(name, of string) []item { return []item{{name: name, kind: kText, of: of}} }
func blob(name, of string) []item { return []item{{name: name, kind: kBytes, of: of}} }

// attribute is a device attribute (section 4.7); the value's meaning follows from data_type.
var attribute = &layout{items: join(u8("data_type"), u8("length"), blob("value", "length"))}

// strings256 are the layouts of octet strings, by their length.
var strings256 = func() (t [256]layout) {
	for n := range t {
		t[n].items = []item{{name: "value", kind: kText, width: uint8(n)}}
	}
	return t
}()

func join(parts ...[]item) (list []item) {
	for _, p := range parts {
		list = append(list, p...)
	}
	return list
}

// layouts are the objects of annex A, with the names that Suricata's records give their values.
var layouts = func() map[uint16]*layout {
	t := map[uint16]*layout{}
	object := func(group, variation byte, parts ...[]item) *layout {
		l := &layout{items: join(parts...)}
		for _, it := range l.items {
			l.sized = l.sized || it.kind >= kText && it.of == ""
		}
		t[code(group, variation)] = l
		return l
	}
	packed := func(group, variation byte, bits string) { object(group, variation, flags(bits)).packed = true }
	binaries(object, packed)
	counters(object)
	analogs(object)
	times(object)
	files(object)
	others(object, packed)
	authentication(object)
	return t
}()

type (
	define     = func(group, variation byte, parts ...[]item) *layout
	definePack = func(group, variation byte, bits string)
)

const quality = "online restart comm_lost remote_forced local_forced "

func binaries(object define, packed definePack) {
	single, double := flags(quality+"chatter_filter reserved state"), flags(quality+"chatter_filter state/2")
	packed(1, 1, "state/1")
	object(1, 2, single)
	object(2, 1, u8("state"))
	object(2, 2, single, stamp)
	object(2, 3, single, u16("timestamp"))
	packed(3, 1, "state/2")
	object(3, 2, double)
	object(4, 1, double)
	object(4, 2, double, stamp)
	object(4, 3, double, u16("relative_time_ms"))

	output := flags(quality + "reserved0 reserved1 state")
	packed(10, 1, "state/1")
	object(10, 2, output)
	object(11, 1, output)
	object(11, 2, output, stamp)
	for v := byte(1); v <= 2; v++ {
		object(12, v, flags("op_type/4 qu cr tcc/2"), u8("count"), u32("ontime"), u32("offtime"), flags("status_code/7 reserved"))
	}
	packed(12, 3, "point/1")
	command := flags("status_code/7 commanded_state")
	object(13, 1, command)
	object(13, 2, command, stamp)
}

func counters(object define) {
	plain, delta := flags(quality+"rollover discontinuity reserved0"), flags(quality+"rollover reserved0 reserved1")
	frozen := flags(quality + "rollover discontinuity reserved1")
	long, short := u32("count"), u16("count")
	for _, g := range []byte{20, 21, 22, 23} {
		object(g, 1, plain, long)
		object(g, 2, plain, short)
		object(g, 3, delta, long)
		object(g, 4, delta, short)
	}
	object(23, 2, delta, short)
	for v := byte(5); v <= 8; v += 2 {
		object(20, v, long)
		object(20, v+1, short)
		object(21, v+4, long)
		object(21, v+5, short)
	}
	for g, first := range map[byte][]item{21: frozen, 22: delta, 23: plain} {
		object(g, 5, first, long, stamp)
		object(g, 6, plain, short, stamp)
		object(g, 7, delta, long, stamp)
		object(g, 8, delta, short, stamp)
	}
	object(21, 6, frozen, short, stamp)
}

func analogs(object define) {
	q := flags(quality + "over_range reference_err reserved0")
	object(30, 1, q, i32("value"))
	object(30, 2, q, i16("value"))
	object(30, 3, i32("value"))
	object(30, 4, i16("value"))
	object(30, 5, q, f32("value"))
	object(30, 6, q, f64("value"))
	events := func(group byte, first []item, name string) {
		object(group, 1, first, i32(name))
		object(group, 2, first, i16(name))
		object(group, 3, first, i32(name), stamp)
		object(group, 4, first, i16(name), stamp)
		object(group, 5, first, f32(name))
		object(group, 6, first, f64(name))
		object(group, 7, first, f32(name), stamp)
		object(group, 8, first, f64(name), stamp)
	}
	for _, g := range []byte{31, 32, 33, 42} {
		events(g, q, "value")
	}
	object(31, 5, i32("value"))
	object(31, 6, i16("value"))
	object(31, 7, q, f32("value"))
	object(31, 8, q, f64("value"))
	events(43, flags("status_code/7 reserved0"), "commanded_value")

	object(34, 1, u16("deadband_value"))
	object(34, 2, u32("deadband_value"))
	object(34, 3, f32("deadband_value"))
	for i, number := range []func(string) []item{i32, i16, f32, f64} {
		object(40, byte(i+1), q, number("value"))
		object(41, byte(i+1), number("value"), u8("control_status"))
	}
}

func times(object define) {
	object(50, 1, stamp)
	object(50, 2, stamp, u32("interval"))
	object(50, 3, stamp)
	object(50, 4, stamp, u32("interval_count"), u8("interval_units"))
	object(51, 1, stamp)
	object(51, 2, stamp)
	object(52, 1, u16("delay_secs"))
	object(52, 2, u16("delay_ms"))
}

func files(object define) {
	object(70, 1, u16("filename_size"), u8("filetype_code"), u8("attribute_code"), u16("start_record"), u16("end_record"), u32("file_size"),
		t48("created_timestamp"), u16("permission"), u32("file_id"), u32("owner_id"), u32("group_id"), u8("file_function_code"), u8("status_code"),
		text("filename", "filename_size"), u16("data_size"), text("data", "data_size"))
	object(70, 2, u16("username_offset"), u16("username_size"), u16("password_offset"), u16("password_size"), u32("authentication_key"),
		text("username", "username_size"), text("password", "password_size"))
	object(70, 3, u16("filename_offset"), u16("filename_size"), t48("created"), u16("permissions"), u32("authentication_key"), u32("file_size"),
		u16("operational_mode"), u16("maximum_block_size"), u16("request_id"), text("filename", "filename_size"))
	object(70, 4, u32("file_handle"), u32("file_size"), u16("maximum_block_size"), u16("request_id"), u8("status_code"), text("optional_text", ""))
	object(70, 5, u32("file_handle"), u32("block_number"), text("file_data", ""))
	object(70, 6, u32("file_handle"), u32("block_number"), u8("status_code"), text("optional_text", ""))
	object(70, 7, u16("filename_offset"), u16("filename_size"), u16("file_type"), u32("file_size"), t48("created_timestamp"), u16("permissions"),
		u16("request_id"), text("filename", "filename_size"))
	object(70, 8, text("file_specification", ""))
}

func others(object define, packed definePack) {
	packed(80, 1, "state/1")
	object(81, 1, flags("fill_percentage/7 overflow_state"), u8("group"), u8("variation"))
	object(83, 1, []item{{name: "vendor_code", kind: kText, width: 4}}, u16("object_id"), u16("length"), blob("data_objects", "length"))
	object(86, 2, flags("rd wr st ev df padding0 padding1 padding2"))
	object(102, 1, u8("value"))
	secure := join(flags(quality+"reserved0 discontinuity reserved1"), u16("association_id"), u32("count_value"))
	object(121, 1, secure)
	object(122, 1, secure)
	object(122, 2, secure, stamp)
}

func authentication(object define) {
	object(120, 1, u32("csq"), u16("usr"), u8("mal"), u8("reason"), blob("challenge_data", ""))
	object(120, 2, u32("csq"), u16("usr"), blob("mac_value", ""))
	object(120, 3, u32("csq"), u16("user_number"))
	object(120, 4, u16("user_number"))
	object(120, 5, u32("ksq"), u16("user_number"), u8("key_wrap_alg"), u8("key_status"), u8("mal"), u16("challenge_data_len"),
		blob("challenge_data", "challenge_data_len"), blob("mac_value", ""))
	object(120, 6, u32("ksq"), u16("usr"), blob("wrapped_key_data", ""))
	object(120, 7, u32("sequence_number"), u16("usr"), u16("association_id"), u8("error_code"), t48("time_of_error"), text("error_text", ""))
	object(120, 8, u8("key_change_method"), u8("certificate_type"), blob("certificate", ""))
	object(120, 9, blob("mac_value", ""))
	object(120, 10, u8("key_change_method"), u8("operation"), u32("scs"), u16("user_role"), u16("user_role_expiry_interval"), u16("username_len"),
		u16("user_public_key_len"), u16("certification_data_len"), text("username", "username_len"),
		blob("user_public_key", "user_public_key_len"), blob("certification_data", "certification_data_len"))
	object(120, 11, u8("key_change_method"), u16("username_len"), u16("master_challenge_data_len"), text("username", "username_len"),
		blob("master_challenge_data", "master_challenge_data_len"))
	object(120, 12, u32("ksq"), u16("user_number"), u16("challenge_data_len"), blob("challenge_data", "challenge_data_len"))
	object(120, 13, u32("ksq"), u16("user_number"), u16("encrypted_update_key_len"), blob("encrypted_update_key_data", "encrypted_update_key_len"))
	object(120, 14, blob("digital_signature", ""))
	object(120, 15, blob("mac", ""))
}
