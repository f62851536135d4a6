package evtxtest

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Value types of BinXml (MS-EVEN6 2.2.12).
const (
	typeNull       = 0x00
	typeString     = 0x01
	typeANSI       = 0x02
	typeInt8       = 0x03
	typeUint8      = 0x04
	typeInt16      = 0x05
	typeUint16     = 0x06
	typeInt32      = 0x07
	typeUint32     = 0x08
	typeInt64      = 0x09
	typeUint64     = 0x0a
	typeFloat32    = 0x0b
	typeFloat64    = 0x0c
	typeBool       = 0x0d
	typeBinary     = 0x0e
	typeGUID       = 0x0f
	typeSize       = 0x10
	typeFileTime   = 0x11
	typeSystemTime = 0x12
	typeSID        = 0x13
	typeHex32      = 0x14
	typeHex64      = 0x15
	typeBinXML     = 0x21
	typeArray      = 0x80
)

func typeOf(v any) (byte, error) {
	switch v.(type) {
	case nil:
		return typeNull, nil
	case string:
		return typeString, nil
	case ANSI:
		return typeANSI, nil
	case int8:
		return typeInt8, nil
	case uint8:
		return typeUint8, nil
	case int16:
		return typeInt16, nil
	case uint16:
		return typeUint16, nil
	case int32:
		return typeInt32, nil
	case uint32:
		return typeUint32, nil
	case int64, int:
		return typeInt64, nil
	case uint64, uint:
		return typeUint64, nil
	case float32:
		return typeFloat32, nil
	case float64:
		return typeFloat64, nil
	case bool:
		return typeBool, nil
	case []byte:
		return typeBinary, nil
	case GUID:
		return typeGUID, nil
	case Size:
		return typeSize, nil
	case time.Time:
		return typeFileTime, nil
	case SystemTime:
		return typeSystemTime, nil
	case SID:
		return typeSID, nil
	case Hex32:
		return typeHex32, nil
	case Hex64:
		return typeHex64, nil
	case []string:
		return typeArray | typeString, nil
	}
	return 0, fmt.Errorf("a value of type %T has no BinXml type", v)
}

// appendValue appends v in its binary form and returns its type.
func appendValue(b []byte, v any) ([]byte, byte, error) {
	kind, err := typeOf(v)
	if err != nil {
		return b, 0, err
	}
	switch v := v.(type) {
	case string:
		b = appendUTF16(b, v)
	case ANSI:
		b = append(b, v...)
	case int8:
		b = append(b, byte(v))
	case uint8:
		b = append(b, v)
	case int16:
		b = le.AppendUint16(b, uint16(v))
	case uint16:
		b = le.AppendUint16(b, v)
	case int32:
		b = le.AppendUint32(b, uint32(v))
	case uint32:
		b = le.AppendUint32(b, v)
	case int64:
		b = le.AppendUint64(b, uint64(v))
	case int:
		b = le.AppendUint64(b, uint64(v))
	case uint64:
		b = le.AppendUint64(b, v)
	case uint:
		b = le.AppendUint64(b, uint64(v))
	case float32:
		b = le.AppendUint32(b, math.Float32bits(v))
	case float64:
		b = le.AppendUint64(b, math.Float64bits(v))
	case bool:
		n := uint32(0)
		if v {
			n = 1
		}
		b = le.AppendUint32(b, n)
	case []byte:
		b = append(b, v...)
	case GUID:
		b, err = appendGUID(b, v)
	case Size:
		b = le.AppendUint64(b, uint64(v))
	case time.Time:
		b = le.AppendUint64(b, filetime(v))
	case SystemTime:
		b = appendSystemTime(b, time.Time(v))
	case SID:
		b, err = appendSID(b, v)
	case Hex32:
		b = le.AppendUint32(b, uint32(v))
	case Hex64:
		b = le.AppendUint64(b, uint64(v))
	case []string:
		for _, s := range v {
			b = appendUTF16(b, s)
			b = append(b, 0, 0)
		}
	}
	return b, kind, err
}

func appendUTF16(b []byte, s string) []byte {
	for _, r := range s {
		if r < 0x10000 {
			b = le.AppendUint16(b, uint16(r))
			continue
		}
		hi, lo := utf16.EncodeRune(r)
		b = le.AppendUint16(b, uint16(hi))
		b = le.AppendUint16(b, uint16(lo))
	}
	return b
}

// filetime counts 100 ns since 1601 (MS-DTYP 2.3.3).
func filetime(t time.Time) uint64 {
	const unixEpoch = 116444736000000000
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix()*1e7 + int64(t.Nanosecond()/100) + unixEpoch)
}

// appendSystemTime follows MS-DTYP 2.3.13.
func appendSystemTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	for _, v := range []int{
		t.Year(), int(t.Month()), int(t.Weekday()), t.Day(),
		t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1e6,
	} {
		b = le.AppendUint16(b, uint16(v))
	}
	return b
}

// appendGUID follows MS-DTYP 2.3.4: the first three groups little-endian.
func appendGUID(b []byte, g GUID) ([]byte, error) {
	s := strings.ReplaceAll(strings.Trim(string(g), "{}"), "-", "")
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != 16 {
		return b, fmt.Errorf("%q is no GUID", g)
	}
	for _, i := range []int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		b = append(b, raw[i])
	}
	return b, nil
}

// appendSID follows MS-DTYP 2.4.2.2.
func appendSID(b []byte, s SID) ([]byte, error) {
	parts := strings.Split(string(s), "-")
	if len(parts) < 3 || len(parts) > 3+255 || parts[0] != "S" || parts[1] != "1" {
		return b, fmt.Errorf("%q is no SID", s)
	}
	authority, err := strconv.ParseUint(parts[2], 10, 48)
	if err != nil {
		return b, fmt.Errorf("%q is no SID", s)
	}
	b = append(b, 1, byte(len(parts)-3))
	for shift := 40; shift >= 0; shift -= 8 {
		b = append(b, byte(authority>>shift))
	}
	for _, p := range parts[3:] {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return b, fmt.Errorf("%q is no SID", s)
		}
		b = le.AppendUint32(b, uint32(n))
	}
	return b, nil
}

// text renders v as Windows renders it in XML, for forwarded records.
func text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case []byte:
		return strings.ToUpper(hex.EncodeToString(v)), nil
	case GUID:
		return "{" + strings.ToUpper(strings.Trim(string(v), "{}")) + "}", nil
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.0000000Z"), nil
	case SystemTime:
		return time.Time(v).UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.0000000Z"), nil
	case Hex32:
		return fmt.Sprintf("%#x", uint32(v)), nil
	case Hex64:
		return fmt.Sprintf("%#x", uint64(v)), nil
	case Size:
		return fmt.Sprintf("%#x", uint64(v)), nil
	case []string:
		return strings.Join(v, ","), nil
	}
	if _, err := typeOf(v); err != nil {
		return "", err
	}
	return fmt.Sprint(v), nil
}
