package filefields

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/luanids/luanids/dissect"
)

// kinds are descriptions of types by media type, in the words of file(1). Those with a function say more, from the
// first bytes.
var kinds = map[string]struct {
	text string
	more func(head []byte) string
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
// What is not known is "data", as there.
func Describe(f *dissect.File) string {
	if len(f.Head) == 0 {
		return ""
	}
	k, ok := kinds[TypeOf(f)]
	switch {
	case !ok:
		if bytes.HasPrefix(f.Head, []byte("MZ")) {
			return "MS-DOS executable"
		}
		return "data"
	case k.more == nil:
		return k.text
	}
	return strings.TrimPrefix(k.text+k.more(f.Head), ", ")
}

// encoding tells how text is written; before it stands what the text is.
func encoding(head []byte) string {
	ascii := true
	for _, c := range head {
		ascii = ascii && c < 0x80
	}
	if ascii {
		return ", ASCII text"
	}
	for cut := 0; cut < utf8.UTFMax && cut < len(head); cut++ { // the last character may be cut off
		if utf8.Valid(head[:len(head)-cut]) {
			return ", UTF-8 Unicode text"
		}
	}
	return ", ISO-8859 text"
}

func pdfVersion(head []byte) string {
	_, rest, ok := bytes.Cut(head, []byte("%PDF-"))
	if !ok || len(rest) < 3 || rest[1] != '.' {
		return ""
	}
	return ", version " + string(rest[:3])
}

func pngSize(head []byte) string {
	if len(head) < 29 {
		return ""
	}
	colour := map[byte]string{0: " grayscale", 2: "/color RGB", 3: " colormap", 4: " gray+alpha", 6: "/color RGBA"}[head[25]]
	interlaced := "non-interlaced"
	if head[28] != 0 {
		interlaced = "interlaced"
	}
	return fmt.Sprintf(", %d x %d, %d-bit%s, %s", binary.BigEndian.Uint32(head[16:]), binary.BigEndian.Uint32(head[20:]), head[24], colour, interlaced)
}

func gifSize(head []byte) string {
	if len(head) < 10 {
		return ""
	}
	return fmt.Sprintf(", version %s, %d x %d", head[3:6], binary.LittleEndian.Uint16(head[6:]), binary.LittleEndian.Uint16(head[8:]))
}

func jpegKind(head []byte) string {
	switch {
	case len(head) >= 13 && string(head[6:10]) == "JFIF":
		return fmt.Sprintf(", JFIF standard %d.%02d", head[11], head[12])
	case len(head) >= 10 && string(head[6:10]) == "Exif":
		return ", Exif standard"
	}
	return ""
}

func tiffOrder(head []byte) string {
	if head[0] == 'I' {
		return ", little-endian"
	}
	return ", big-endian"
}

func zipVersion(head []byte) string {
	if len(head) < 6 {
		return ""
	}
	return fmt.Sprintf(", at least v%d.%d to extract", head[4]/10, head[4]%10)
}

func sevenZip(head []byte) string {
	if len(head) < 8 {
		return ""
	}
	return fmt.Sprintf(", version %d.%d", head[6], head[7])
}

func classVersion(head []byte) string {
	if len(head) < 8 {
		return ""
	}
	return fmt.Sprintf(", version %d.%d", binary.BigEndian.Uint16(head[6:]), binary.BigEndian.Uint16(head[4:]))
}

func flashVersion(head []byte) string {
	if len(head) < 4 {
		return ""
	}
	packed := ""
	if head[0] == 'C' || head[0] == 'Z' {
		packed = " (compressed)"
	}
	return fmt.Sprintf("%s, version %d", packed, head[3])
}

// peKind reads the PE header, when it is within the first bytes: machine, kind and subsystem (PE Format, 3.3 and 3.4).
func peKind(head []byte) string {
	if len(head) < 64 {
		return " executable, for MS Windows"
	}
	at := int(binary.LittleEndian.Uint32(head[60:]))
	if at < 0 || at > len(head)-96 || string(head[at:at+4]) != "PE\x00\x00" {
		return " executable, for MS Windows"
	}
	machine := map[uint16]string{0x14c: "Intel 80386", 0x8664: "x86-64", 0x1c0: "ARM", 0xaa64: "Aarch64"}[binary.LittleEndian.Uint16(head[at+4:])]
	plus, dll, sub := "", "", ""
	if binary.LittleEndian.Uint16(head[at+24:]) == 0x20b {
		plus = "+"
	}
	if binary.LittleEndian.Uint16(head[at+22:])&0x2000 != 0 {
		dll = " (DLL)"
	}
	switch binary.LittleEndian.Uint16(head[at+24+68:]) {
	case 1:
		sub = " (native)"
	case 2:
		sub = " (GUI)"
	case 3:
		sub = " (console)"
	}
	return plus + " executable" + dll + sub + " " + machine + ", for MS Windows"
}

func elfKind(head []byte) string {
	if len(head) < 18 {
		return ""
	}
	bits, order, kind := 32, "LSB", binary.LittleEndian.Uint16(head[16:])
	if head[4] == 2 {
		bits = 64
	}
	if head[5] == 2 {
		order, kind = "MSB", binary.BigEndian.Uint16(head[16:])
	}
	what := map[uint16]string{1: "relocatable", 2: "executable", 3: "shared object", 4: "core file"}[kind]
	return fmt.Sprintf(" %d-bit %s %s", bits, order, what)
}
