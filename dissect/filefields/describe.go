package filefields

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/luanids/luanids/dissect"
)

// kinds are descriptions of types by media type, in the words of file(1). Those with a function say more, from the
// first bytes.
var kinds = map[string]struct {
	text string
	more func(dst, head []byte) []byte
}{
	"application/pdf":                       {"PDF document", pdfVersion},
	"image/png":                             {"PNG image data", pngSize},
	"image/gif":                             {"GIF image data", gifSize},
	"image/jpeg":                            {"JPEG image data", jpegKind},
	"image/bmp":                             {"PC bitmap", nil},
	"image/tiff":                            {"TIFF image data", tiffOrder},
	"image/webp":                            {"RIFF (little-endian) data, Web/P image", nil},
	"image/x-icon":                          {"MS Windows icon resource", nil},
	"image/svg+xml":                         {"SVG Scalable Vector Graphics image", nil},
	"image/vnd.adobe.photoshop":             {"Adobe Photoshop Image", nil},
	"audio/mpeg":                            {"MPEG ADTS, layer III", nil},
	"audio/wav":                             {"RIFF (little-endian) data, WAVE audio", nil},
	"audio/ogg":                             {"Ogg data", nil},
	"application/ogg":                       {"Ogg data", nil},
	"video/mp4":                             {"ISO Media, MP4", nil},
	"video/quicktime":                       {"ISO Media, Apple QuickTime movie", nil},
	"video/x-msvideo":                       {"RIFF (little-endian) data, AVI", nil},
	"video/webm":                            {"WebM", nil},
	"video/x-matroska":                      {"Matroska data", nil},
	"video/x-flv":                           {"Macromedia Flash Video", nil},
	"application/zip":                       {"Zip archive data", zipVersion},
	"application/java-archive":              {"Java archive data (JAR)", nil},
	"application/jar":                       {"Java archive data (JAR)", nil},
	"application/gzip":                      {"gzip compressed data", nil},
	"application/x-bzip2":                   {"bzip2 compressed data", nil},
	"application/x-xz":                      {"XZ compressed data", nil},
	"application/zstd":                      {"Zstandard compressed data", nil},
	"application/x-7z-compressed":           {"7-zip archive data", sevenZip},
	"application/x-rar-compressed":          {"RAR archive data", nil},
	"application/vnd.rar":                   {"RAR archive data", nil},
	"application/x-tar":                     {"POSIX tar archive", nil},
	"application/vnd.ms-cab-compressed":     {"Microsoft Cabinet archive data", nil},
	"application/vnd.debian.binary-package": {"Debian binary package", nil},
	"application/x-rpm":                     {"RPM", nil},
	"application/vnd.microsoft.portable-executable": {"PE32", peKind},
	"application/x-ms-shortcut":                     {"MS Windows shortcut", nil},
	"application/x-elf":                             {"ELF", elfKind},
	"application/x-executable":                      {"ELF", elfKind},
	"application/x-object":                          {"ELF", elfKind},
	"application/x-sharedlib":                       {"ELF", elfKind},
	"application/x-coredump":                        {"ELF", elfKind},
	"application/x-mach-binary":                     {"Mach-O", nil},
	"application/x-java-applet":                     {"compiled Java class data", classVersion},
	"application/x-shockwave-flash":                 {"Macromedia Flash data", flashVersion},
	"application/x-ole-storage":                     {"Composite Document File V2 Document", nil},
	"application/msword":                            {"Composite Document File V2 Document, Microsoft Office Word", nil},
	"application/vnd.ms-excel":                      {"Composite Document File V2 Document, Microsoft Excel", nil},
	"application/vnd.ms-powerpoint":                 {"Composite Document File V2 Document, Microsoft Office PowerPoint", nil},
	"application/vnd.ms-outlook":                    {"CDFV2 Microsoft Outlook Message", nil},
	"application/x-msi":                             {"Composite Document File V2 Document, MSI Installer", nil},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   {"Microsoft Word 2007+", nil},
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         {"Microsoft Excel 2007+", nil},
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": {"Microsoft PowerPoint 2007+", nil},
	"application/epub+zip":    {"EPUB document", nil},
	"text/rtf":                {"Rich Text Format data, version 1", nil},
	"application/rtf":         {"Rich Text Format data, version 1", nil},
	"application/postscript":  {"PostScript document text", nil},
	"application/vnd.sqlite3": {"SQLite 3.x database", nil},
	"application/x-sqlite3":   {"SQLite 3.x database", nil},
	"text/html":               {"HTML document", encoding},
	"text/xml":                {"XML 1.0 document", encoding},
	"application/xml":         {"XML 1.0 document", encoding},
	"application/json":        {"JSON data", nil},
	"text/x-php":              {"PHP script", encoding},
	"text/x-python":           {"Python script", encoding},
	"text/x-perl":             {"Perl script", encoding},
	"text/x-lua":              {"Lua script", encoding},
	"text/x-shellscript":      {"POSIX shell script", encoding},
	"application/x-sh":        {"POSIX shell script", encoding},
	"text/plain":              {"", encoding},
	"text/csv":                {"CSV text", nil},
	"text/css":                {"", encoding},
	"text/javascript":         {"", encoding},
	"application/javascript":  {"", encoding},
}

// variants are what the functions of kinds can say, so that it is known whether a text can ever be part of a description.
// Any digit stands for any number.
var variants = []string{"data", "empty", "MS-DOS executable", "ASCII text", "UTF-8 Unicode text", "ISO-8859 text", "PDF document, version 0.0",
	"PNG image data, 0 x 0, 0-bit/color RGB, non-interlaced", "PNG image data, 0 x 0, 0-bit/color RGBA, non-interlaced", "PNG image data, 0 x 0, 0-bit/color RGB, interlaced", "PNG image data, 0 x 0, 0-bit grayscale, non-interlaced",
	"PNG image data, 0 x 0, 0-bit gray+alpha, non-interlaced", "PNG image data, 0 x 0, 0-bit colormap, non-interlaced", "GIF image data, version 0a, 0 x 0",
	"JPEG image data, JFIF standard 0.0", "JPEG image data, Exif standard", "TIFF image data, little-endian", "TIFF image data, big-endian",
	"Zip archive data, at least v0.0 to extract", "7-zip archive data, version 0.0", "compiled Java class data, version 0.0",
	"Macromedia Flash data (compressed), version 0", "Macromedia Flash data, version 0", "HTML document, ASCII text", "XML 0.0 document, UTF-8 Unicode text",
	"PE0 executable, for MS Windows", "PE0 executable (GUI) Intel 0, for MS Windows", "PE0+ executable (GUI) x0-0, for MS Windows", "PE0 executable (DLL) (GUI) Intel 0, for MS Windows",
	"PE0+ executable (DLL) (GUI) x0-0, for MS Windows", "PE0 executable (console) Intel 0, for MS Windows", "PE0+ executable (console) x0-0, for MS Windows",
	"PE0 executable (DLL) (console) Intel 0, for MS Windows", "PE0+ executable (DLL) (console) x0-0, for MS Windows", "PE0 executable (native) Intel 0, for MS Windows",
	"PE0+ executable (native) x0-0, for MS Windows",
	"ELF 0-bit LSB executable", "ELF 0-bit MSB executable", "ELF 0-bit LSB shared object", "ELF 0-bit MSB shared object", "ELF 0-bit LSB relocatable", "ELF 0-bit LSB core file",
	"POSIX shell script, ASCII text", "Python script, ASCII text", "PHP script, ASCII text", "Perl script, ASCII text"}

// Describes tells whether a text can be part of a description, in any case of letters.
func Describes(text string) bool {
	text = digits(text)
	for _, v := range variants {
		if strings.Contains(digits(v), text) {
			return true
		}
	}
	for _, k := range kinds {
		if strings.Contains(digits(k.text), text) {
			return true
		}
	}
	return false
}

// digits makes runs of digits one 0, and letters small.
func digits(s string) string {
	var b strings.Builder
	last := byte(0)
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' {
			c = '0'
		} else if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != '0' || last != '0' {
			b.WriteByte(c)
		}
		last = c
	}
	return b.String()
}

// Describe says what a file is, by its first bytes, in the words of file(1) for common types: "PDF document, version 1.6".
// What is not known is "data", as there. It is nil without any bytes; otherwise it is in memory of the file's own, valid until the
// next call.
func Describe(f *dissect.File) []byte {
	if len(f.Head) == 0 {
		return nil
	}
	d := f.Kind[:0]
	k, ok := kinds[TypeOf(f)]
	switch {
	case ok:
		d = append(d, k.text...)
		if k.more != nil {
			d = k.more(d, f.Head)
		}
	case bytes.HasPrefix(f.Head, []byte("MZ")):
		d = append(d, "MS-DOS executable"...)
	default:
		d = append(d, "data"...)
	}
	f.Kind = d
	return bytes.TrimPrefix(d, []byte(", "))
}

// number appends a number between two texts.
func number[T uint8 | uint16 | uint32 | int](dst []byte, before string, n T, after string) []byte {
	return append(strconv.AppendUint(append(dst, before...), uint64(n), 10), after...)
}

// encoding tells how text is written; before it stands what the text is.
func encoding(dst, head []byte) []byte {
	ascii := true
	for _, c := range head {
		ascii = ascii && c < 0x80
	}
	if ascii {
		return append(dst, ", ASCII text"...)
	}
	for cut := 0; cut < utf8.UTFMax && cut < len(head); cut++ { // the last character may be cut off
		if utf8.Valid(head[:len(head)-cut]) {
			return append(dst, ", UTF-8 Unicode text"...)
		}
	}
	return append(dst, ", ISO-8859 text"...)
}

func pdfVersion(dst, head []byte) []byte {
	_, rest, ok := bytes.Cut(head, []byte("%PDF-"))
	if !ok || len(rest) < 3 || rest[1] != '.' {
		return dst
	}
	return append(append(dst, ", version "...), rest[:3]...)
}

var pngColours = [...]string{0: " grayscale", 2: "/color RGB", 3: " colormap", 4: " gray+alpha", 6: "/color RGBA"}

func pngSize(dst, head []byte) []byte {
	if len(head) < 29 {
		return dst
	}
	dst = number(dst, ", ", binary.BigEndian.Uint32(head[16:]), " x ")
	dst = number(dst, "", binary.BigEndian.Uint32(head[20:]), ", ")
	dst = number(dst, "", head[24], "-bit")
	if int(head[25]) < len(pngColours) {
		dst = append(dst, pngColours[head[25]]...)
	}
	if head[28] != 0 {
		return append(dst, ", interlaced"...)
	}
	return append(dst, ", non-interlaced"...)
}

func gifSize(dst, head []byte) []byte {
	if len(head) < 10 {
		return dst
	}
	dst = append(append(dst, ", version "...), head[3:6]...)
	dst = number(dst, ", ", binary.LittleEndian.Uint16(head[6:]), " x ")
	return number(dst, "", binary.LittleEndian.Uint16(head[8:]), "")
}

func jpegKind(dst, head []byte) []byte {
	switch {
	case len(head) >= 13 && string(head[6:10]) == "JFIF":
		dst = number(dst, ", JFIF standard ", head[11], ".")
		if head[12] < 10 {
			dst = append(dst, '0')
		}
		return number(dst, "", head[12], "")
	case len(head) >= 10 && string(head[6:10]) == "Exif":
		return append(dst, ", Exif standard"...)
	}
	return dst
}

func tiffOrder(dst, head []byte) []byte {
	if head[0] == 'I' {
		return append(dst, ", little-endian"...)
	}
	return append(dst, ", big-endian"...)
}

func zipVersion(dst, head []byte) []byte {
	if len(head) < 6 {
		return dst
	}
	return number(number(dst, ", at least v", head[4]/10, "."), "", head[4]%10, " to extract")
}

func sevenZip(dst, head []byte) []byte {
	if len(head) < 8 {
		return dst
	}
	return number(number(dst, ", version ", head[6], "."), "", head[7], "")
}

func classVersion(dst, head []byte) []byte {
	if len(head) < 8 {
		return dst
	}
	return number(number(dst, ", version ", binary.BigEndian.Uint16(head[6:]), "."), "", binary.BigEndian.Uint16(head[4:]), "")
}

func flashVersion(dst, head []byte) []byte {
	if len(head) < 4 {
		return dst
	}
	if head[0] == 'C' || head[0] == 'Z' {
		dst = append(dst, " (compressed)"...)
	}
	return number(dst, ", version ", head[3], "")
}

// peKind reads the PE header, when it is within the first bytes: machine, kind and subsystem (PE Format, 3.3 and 3.4).
func peKind(dst, head []byte) []byte {
	if len(head) < 64 {
		return append(dst, " executable, for MS Windows"...)
	}
	at := int(binary.LittleEndian.Uint32(head[60:]))
	if at < 0 || at > len(head)-96 || string(head[at:at+4]) != "PE\x00\x00" {
		return append(dst, " executable, for MS Windows"...)
	}
	if binary.LittleEndian.Uint16(head[at+24:]) == 0x20b {
		dst = append(dst, '+')
	}
	dst = append(dst, " executable"...)
	if binary.LittleEndian.Uint16(head[at+22:])&0x2000 != 0 {
		dst = append(dst, " (DLL)"...)
	}
	switch binary.LittleEndian.Uint16(head[at+24+68:]) {
	case 1:
		dst = append(dst, " (native)"...)
	case 2:
		dst = append(dst, " (GUI)"...)
	case 3:
		dst = append(dst, " (console)"...)
	}
	dst = append(dst, ' ')
	switch binary.LittleEndian.Uint16(head[at+4:]) {
	case 0x14c:
		dst = append(dst, "Intel 80386"...)
	case 0x8664:
		dst = append(dst, "x86-64"...)
	case 0x1c0:
		dst = append(dst, "ARM"...)
	case 0xaa64:
		dst = append(dst, "Aarch64"...)
	}
	return append(dst, ", for MS Windows"...)
}

var elfKinds = [...]string{1: "relocatable", 2: "executable", 3: "shared object", 4: "core file"}

func elfKind(dst, head []byte) []byte {
	if len(head) < 18 {
		return dst
	}
	bits, order, kind := 32, " LSB ", binary.LittleEndian.Uint16(head[16:])
	if head[4] == 2 {
		bits = 64
	}
	if head[5] == 2 {
		order, kind = " MSB ", binary.BigEndian.Uint16(head[16:])
	}
	dst = append(number(dst, " ", bits, "-bit"), order...)
	if int(kind) < len(elfKinds) {
		dst = append(dst, elfKinds[kind]...)
	}
	return dst
}
