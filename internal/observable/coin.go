package observable

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strings"
)

// bitcoin checks an address of the main network: base58check of a version byte
// 0 or 5 and 20 bytes, or a segregated witness address (BIP 173, BIP 350).
func bitcoin(s string) (string, error) {
	if len(s) >= 3 && strings.EqualFold(s[:3], "bc1") {
		return segwit(s)
	}
	if len(s) < 26 || len(s) > 35 || s[0] != '1' && s[0] != '3' {
		return "", errBitcoin
	}
	var raw [25]byte
	if !base58(raw[:], s) || raw[0] != 0 && raw[0] != 5 {
		return "", errBitcoin
	}
	zeros := len(s) - len(strings.TrimLeft(s, "1"))
	if zeros != len(raw)-len(bytes.TrimLeft(raw[:], "\x00")) {
		return "", errBitcoin
	}
	once := sha256.Sum256(raw[:21])
	twice := sha256.Sum256(once[:])
	if !bytes.Equal(twice[:4], raw[21:]) {
		return "", errBitcoin
	}
	return s, nil
}

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// base58 reads s as a big-endian number that must fit into out.
func base58(out []byte, s string) bool {
	for i := range len(s) {
		d := strings.IndexByte(base58Digits, s[i])
		if d < 0 {
			return false
		}
		carry := d
		for j := len(out) - 1; j >= 0; j-- {
			carry += int(out[j]) * 58
			out[j] = byte(carry)
			carry >>= 8
		}
		if carry != 0 {
			return false
		}
	}
	return true
}

const bech32Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// segwit checks a segregated witness address: version 0 with bech32 (BIP 173),
// others with bech32m (BIP 350), all in one case.
func segwit(s string) (string, error) {
	lower := asciiLower(s)
	if len(s) < 14 || len(s) > 74 || s != lower && s != strings.ToUpper(s) {
		return "", errBitcoin
	}
	data := make([]byte, 0, 80)
	check := bech32Step(bech32Step(bech32Step(bech32Step(bech32Step(1, 'b'>>5), 'c'>>5), 0), 'b'&31), 'c'&31)
	for i := 3; i < len(lower); i++ {
		d := strings.IndexByte(bech32Digits, lower[i])
		if d < 0 {
			return "", errBitcoin
		}
		check = bech32Step(check, byte(d))
		data = append(data, byte(d))
	}
	version, want := data[0], uint32(1)
	if version > 0 {
		want = 0x2bc830a3
	}
	program := data[1 : len(data)-6]
	size := len(program) * 5 / 8
	spare := len(program) * 5 % 8
	if check != want || version > 16 || size < 2 || size > 40 || version == 0 && size != 20 && size != 32 ||
		spare > 4 || program[len(program)-1]&(1<<spare-1) != 0 {
		return "", errBitcoin
	}
	return lower, nil
}

// bech32Step is one step of the checksum of BIP 173.
func bech32Step(c uint32, d byte) uint32 {
	top := c >> 25
	c = c&0x1ffffff<<5 ^ uint32(d)
	for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			c ^= g
		}
	}
	return c
}

// monero checks an address of the main network: standard and subaddress of 95
// characters, integrated address of 106. Blocks of 8 bytes are 11 digits of
// base 58 each, and the last 4 bytes are of the Keccak-256 hash of the others.
func monero(s string) (string, error) {
	if len(s) != 95 && len(s) != 106 {
		return "", errMonero
	}
	var buf [77]byte
	raw := buf[:0]
	for len(s[len(raw)/8*11:]) > 0 && len(raw)%8 == 0 {
		block := s[len(raw)/8*11:]
		size := 8
		if len(block) < 11 {
			size = 5 // 7 digits
		} else {
			block = block[:11]
		}
		raw = raw[:len(raw)+size]
		if !base58(raw[len(raw)-size:], block) {
			return "", errMonero
		}
	}
	net := raw[0]
	if len(s) == 95 && net != 18 && net != 42 || len(s) == 106 && net != 19 {
		return "", errMonero
	}
	body := raw[:len(raw)-4]
	sum := keccak256(body)
	if !bytes.Equal(sum[:4], raw[len(body):]) {
		return "", errMonero
	}
	return s, nil
}

// keccak256 is Keccak with a capacity of 512 bits and the padding from before
// it became SHA-3, which the standard library does not have.
func keccak256(b []byte) (sum [32]byte) {
	const rate = 136
	var state [25]uint64
	for {
		var block [rate]byte
		n := copy(block[:], b)
		if n < rate {
			block[n] ^= 0x01
			block[rate-1] ^= 0x80
		}
		for i := range rate / 8 {
			state[i] ^= binary.LittleEndian.Uint64(block[i*8:])
		}
		keccakF(&state)
		if n < rate {
			break
		}
		b = b[n:]
	}
	for i := range 4 {
		binary.LittleEndian.PutUint64(sum[i*8:], state[i])
	}
	return sum
}

// keccakF is the permutation Keccak-f[1600] (FIPS 202 section 3.3).
func keccakF(a *[25]uint64) {
	lfsr := byte(1)
	for range 24 {
		var c [5]uint64
		for x := range 5 { // theta
			c[x] = a[x] ^ a[x+5] ^ a[x+10] ^ a[x+15] ^ a[x+20]
		}
		for x := range 5 {
			d := c[(x+4)%5] ^ bits.RotateLeft64(c[(x+1)%5], 1)
			for y := 0; y < 25; y += 5 {
				a[y+x] ^= d
			}
		}
		x, y, moved := 1, 0, a[1] // rho and pi
		for t := range 24 {
			x, y = y, (2*x+3*y)%5
			a[5*y+x], moved = bits.RotateLeft64(moved, (t+1)*(t+2)/2), a[5*y+x]
		}
		for y := 0; y < 25; y += 5 { // chi
			row := [5]uint64(a[y : y+5])
			for x := range 5 {
				a[y+x] = row[x] ^ ^row[(x+1)%5]&row[(x+2)%5]
			}
		}
		for j := range 7 { // iota
			if lfsr&1 == 1 {
				a[0] ^= 1 << (1<<j - 1)
			}
			over := lfsr >> 7
			lfsr = lfsr<<1 ^ over*0x71
		}
	}
}
