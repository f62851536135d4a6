package exercise

// rng is SplitMix64: small, fast, and the same on every machine and in every
// release of Go, which the committed logs depend on. Nothing here uses
// floating point, for the same reason.
type rng struct{ state uint64 }

func (r *rng) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// n returns a number in [0, limit).
func (r *rng) n(limit int) int { return int(r.next() >> 32 * uint64(limit) >> 32) }

// between returns a number in [low, high].
func (r *rng) between(low, high int) int { return low + r.n(high-low+1) }

// long returns a number in [0, limit).
func (r *rng) long(limit int64) int64 { return int64(r.next() >> 1 % uint64(limit)) }

// chance holds in so many cases of a hundred.
func (r *rng) chance(percent int) bool { return r.n(100) < percent }

func pick[T any](r *rng, from []T) T { return from[r.n(len(from))] }

const (
	hexLower = "0123456789abcdef"
	hexUpper = "0123456789ABCDEF"
)

// hex appends so many random digits.
func (r *rng) hex(b []byte, digits int, alphabet string) []byte {
	var v uint64
	for i := range digits {
		if i%16 == 0 {
			v = r.next()
		}
		b = append(b, alphabet[v&15])
		v >>= 4
	}
	return b
}

// guid appends a random GUID of version 4 without braces.
func (r *rng) guid(b []byte) []byte {
	b = r.hex(b, 8, hexLower)
	b = r.hex(append(b, '-'), 4, hexLower)
	b = r.hex(append(b, '-', '4'), 3, hexLower)
	b = append(b, '-', "89ab"[r.n(4)])
	b = r.hex(b, 3, hexLower)
	return r.hex(append(b, '-'), 12, hexLower)
}

func (r *rng) guidString() string { return string(r.guid(make([]byte, 0, 36))) }
