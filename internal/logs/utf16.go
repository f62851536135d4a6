package logs

import (
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

var bomUTF8 = []byte("\xef\xbb\xbf")

// utf16Order returns the byte order of text in UTF-16 that begins with head,
// and the length of its byte order mark; nil when it is not UTF-16. Without
// a mark it is told by the zero halves of ASCII.
func utf16Order(head []byte) (binary.ByteOrder, int) {
	if len(head) >= 2 {
		switch {
		case head[0] == 0xff && head[1] == 0xfe:
			return binary.LittleEndian, 2
		case head[0] == 0xfe && head[1] == 0xff:
			return binary.BigEndian, 2
		}
	}
	n := min(len(head), 1024) &^ 1
	var even, odd int
	for i := 0; i < n; i += 2 {
		if head[i] == 0 && head[i+1] != 0 {
			even++
		} else if head[i] != 0 && head[i+1] == 0 {
			odd++
		}
	}
	switch pairs := n / 2; {
	case pairs < 4:
	case odd*10 >= pairs*7 && even*10 <= odd:
		return binary.LittleEndian, 0
	case even*10 >= pairs*7 && odd*10 <= even:
		return binary.BigEndian, 0
	}
	return nil, 0
}

// A utf16Reader reads UTF-16 and yields UTF-8. Lone surrogates become U+FFFD.
type utf16Reader struct {
	r     io.Reader
	order binary.ByteOrder
	in    [8 << 10]byte
	left  []byte // of in, not decoded yet
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(p) < utf8.UTFMax {
		return 0, io.ErrShortBuffer
	}
	n := 0
	for {
		for len(u.left) >= 2 && len(p)-n >= utf8.UTFMax {
			r := rune(u.order.Uint16(u.left))
			size := 2
			if utf16.IsSurrogate(r) {
				if len(u.left) < 4 && u.err == nil {
					break
				}
				var low rune
				if len(u.left) >= 4 {
					low = rune(u.order.Uint16(u.left[2:]))
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					size = 4
				}
			}
			u.left = u.left[size:]
			if r < utf8.RuneSelf {
				p[n] = byte(r)
				n++
			} else {
				n += utf8.EncodeRune(p[n:], r)
			}
		}
		if n > 0 || u.err != nil {
			break
		}
		k := copy(u.in[:], u.left)
		m, err := u.r.Read(u.in[k:])
		u.left, u.err = u.in[:k+m], err
	}
	if n == 0 {
		return 0, u.err
	}
	return n, nil
}
