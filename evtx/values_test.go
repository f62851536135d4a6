package evtx

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

func utf16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// TestValues checks how the value types of MS-EVEN6 2.2.12 render.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		typ  byte
		raw  string // hexadecimal
		want string // "!" when the bytes do not fit the type
	}{
		{typeNull, "", ""},
		{typeNull, "ffff", ""},
		{typeString, "41004200", "AB"},
		{typeString, "410000004200", "A"}, // up to the first NUL
		{typeString, "4100e4003dd800de", "Aä😀"},
		{typeString, "3dd84100", "\ufffdA"}, // a lone high surrogate
		{typeString, "00de4100", "\ufffdA"}, // a lone low one
		{typeString, "410042", "A"},         // an odd byte
		{typeANSI, "41e480fc00", "Aä€ü"},
		{typeInt8, "80", "-128"},
		{typeUint8, "ff", "255"},
		{typeInt16, "0080", "-32768"},
		{typeUint16, "ffff", "65535"},
		{typeInt32, "00000080", "-2147483648"},
		{typeUint32, "ffffffff", "4294967295"},
		{typeInt64, "0000000000000080", "-9223372036854775808"},
		{typeUint64, "ffffffffffffffff", "18446744073709551615"},
		{typeUint32, "63", "99"}, // narrower than its type
		{typeUint32, "640000", "!"},
		{typeReal32, "0000c03f", "1.5"},
		{typeReal64, "000000000000d0bf", "-0.25"},
		{typeReal64, "000000000000f07f", "+Inf"},
		{typeReal32, "0000", "!"},
		{typeBool, "00000000", "false"},
		{typeBool, "01000000", "true"},
		{typeBool, "10000000", "16"},
		{typeBool, "000000", "!"},
		{typeBinary, "00deadbeef", "00DEADBEEF"},
		{typeGUID, "25968454785494 49a5ba3e3b0328c30d", "{54849625-5478-4994-A5BA-3E3B0328C30D}"},
		{typeGUID, "2596845478549449a5ba3e3b0328c3", "!"},
		{typeSize, "04000000", "0x4"},
		{typeSize, "0400000000000000", "0x4"},
		{typeFileTime, "1896575744d9d101", "2016-07-08T18:12:51.6816408Z"},
		{typeFileTime, "0000000000000000", "1601-01-01T00:00:00.0000000Z"},
		{typeFileTime, "00", "!"},
		{typeSystemTime, "e50703000200020 00a000b000c005901", "2021-03-02T10:11:12.3450000Z"},
		{typeSystemTime, "e5070d00020002000a000b000c005901", "!"}, // month 13
		{typeSystemTime, "e507", "!"},
		{typeSID, "010100000000000512000000", "S-1-5-18"},
		{typeSID, "01050000000000051500000001000000020000000300 0000e9030000", "S-1-5-21-1-2-3-1001"},
		{typeSID, "0105000000000005", "!"}, // five sub-authorities promised
		{typeSID, "01", "!"},
		{typeHex32, "e7030000", "0x3e7"},
		{typeHex32, "00000000", "0x0"},
		{typeHex64, "0000000000002080", "0x8020000000000000"},
		{typeHandle, "10000000", "0x10"},
		{typeXML, "3c006100", "<a"},
		{typeBinXML, "0f010100", ""},
		{0x16, "00", "!"}, // not defined
		{0x7f, "00", "!"},
	} {
		raw, err := hex.DecodeString(strings.ReplaceAll(c.raw, " ", ""))
		if err != nil {
			t.Fatal(c.raw, err)
		}
		var clock clock
		got, ok := clock.appendValue([]byte("x"), c.typ, raw)
		if want := "x" + strings.TrimSuffix(c.want, "!"); string(got) != want || ok != (c.want != "!") {
			t.Errorf("type %#x of %s: %q, %t; want %q", c.typ, c.raw, got, ok, want)
		}
	}
}

// TestItemSize checks how arrays are cut (MS-EVEN6 2.2.12, ArrayTypes).
func TestItemSize(t *testing.T) {
	for _, c := range []struct {
		typ       byte
		raw       []byte
		item, all int
	}{
		{typeString, utf16Bytes("ab\x00c\x00"), 6, 2},
		{typeString, utf16Bytes("ab"), 4, 1},
		{typeANSI, []byte("ab\x00c\x00"), 3, 2},
		{typeInt8, make([]byte, 3), 1, 3},
		{typeUint16, make([]byte, 6), 2, 3},
		{typeReal32, make([]byte, 8), 4, 2},
		{typeHex64, make([]byte, 24), 8, 3},
		{typeGUID, make([]byte, 32), 16, 2},
		{typeSystemTime, make([]byte, 40), 16, 3}, // the last one is short
		{typeSID, append([]byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}, 1, 0, 0, 0, 0, 0, 0, 1), 12, 2},
		{typeSID, []byte{1, 255, 0, 0, 0, 0, 0, 5}, 8, 1}, // promises more than there is
		{typeBinary, make([]byte, 5), 5, 1},
	} {
		if n := itemSize(c.typ, c.raw); n != c.item {
			t.Errorf("type %#x: first item has %d bytes, want %d", c.typ, n, c.item)
		}
		d := NewDecoder(nil)
		d.data = c.raw
		if n := d.items(newValue(0, len(c.raw), c.typ|typeArray)); n != c.all {
			t.Errorf("type %#x: %d items, want %d", c.typ, n, c.all)
		}
	}
}

// TestTimes compares with package time, over all the years that both know.
func TestTimes(t *testing.T) {
	var c clock
	epoch := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	for ft := uint64(0); ft < 2650467744000000000; ft += 864000000000*17 + 12345678901 { // to the year 9999
		want := epoch
		for rest := ft; rest > 0; { // a Duration holds 292 years
			step := min(rest, 9e16)
			want = want.Add(time.Duration(step) * 100)
			rest -= step
		}
		got := string(c.appendFileTime(nil, ft))
		if text := want.Format("2006-01-02T15:04:05.0000000Z"); got != text {
			t.Fatalf("FILETIME %d is %s, want %s", ft, got, text)
		}
		nanos := unixTime(ft)
		if y := want.Year(); y > 1678 && y < 2262 {
			if nanos != want.UnixNano() {
				t.Fatalf("%s is %d ns, want %d", got, nanos, want.UnixNano())
			}
			if back := parseTime([]byte(got)); back != nanos {
				t.Fatalf("%s reads back as %d, want %d", got, back, nanos)
			}
		} else if y < 1677 || y > 2262 {
			if nanos != NoTime {
				t.Fatalf("%s is %d ns, want none", got, nanos)
			}
		}
	}
	if got := string(c.appendFileTime(nil, math.MaxUint64)); got != "60056-05-28T05:36:10.9551615Z" {
		t.Errorf("the last FILETIME is %s", got)
	}
	for _, bad := range []string{
		"", "2021-03-02", "2021-03-02T10:11:12", "2021-13-02T10:11:12Z", "2021-03-02T10:11:12.1234567890Z",
		"2021-03-02T10:11:1xZ", "1500-03-02T10:11:12Z", "2021-03-02 10:11:12Z", "2021-03-02T10:11:12,5Z",
	} {
		if parseTime([]byte(bad)) != NoTime {
			t.Errorf("%q is no time", bad)
		}
	}
	if got, want := parseTime([]byte("2021-11-19T16:52:33.833733500Z")), time.Date(2021, 11, 19, 16, 52, 33, 833733500, time.UTC).UnixNano(); got != want {
		t.Errorf("nine digits: %d, want %d", got, want)
	}
}

func FuzzUTF16(f *testing.F) {
	for _, s := range []string{"", "a", "abc", "abcd", "abcdefg", "abcdefgh", "0123456789abcdef", "0123456789abcdefäöü", "漢字かな交じり文の文字列", "x😀yzabcdefgh😀"} {
		f.Add(utf16Bytes(s))
		f.Add(append(utf16Bytes(s), 0, 0))
		f.Add(append(utf16Bytes(s), 0x3d, 0xd8))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		units := make([]uint16, len(src)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(src[2*i:])
		}
		for i, u := range units {
			if u == 0 {
				units = units[:i]
				break
			}
		}
		want := "x" + string(utf16.Decode(units))
		if got := appendUTF16([]byte("x"), src); string(got) != want {
			t.Errorf("%x: %q, want %q", src, got, want)
		}
		room := append(make([]byte, 0, 3*len(src)+64), 'x')
		if got := appendUTF16(room, src); string(got) != want || !bytes.HasPrefix(room[:cap(room)], got) {
			t.Errorf("%x with room: %q, want %q", src, got, want)
		}
	})
}

func BenchmarkUTF16(b *testing.B) {
	for name, s := range map[string]string{
		"ASCII": strings.Repeat(`C:\Windows\System32\svchost.exe -k netsvcs -p -s Schedule`, 4),
		"mixed": strings.Repeat(`C:\Benutzer\Bürgermeister\Öffentlich\Straßenverkehr.docx`, 4),
	} {
		b.Run(name, func(b *testing.B) {
			src := utf16Bytes(s)
			var dst []byte
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				dst = appendUTF16(dst[:0], src)
			}
		})
	}
}
