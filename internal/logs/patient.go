package logs

import "io"

// A patient reader waits for what r gives until stop is closed; r has then
// ended. A read that is under way goes on behind it: it cannot be ended.
type patient struct {
	r    io.Reader
	stop <-chan struct{}
	got  chan given // of the read under way
	buf  []byte
	rest []byte // of buf, not yet handed on
	err  error
}

type given struct {
	n   int
	err error
}

func (p *patient) Read(b []byte) (int, error) {
	if p.stop == nil {
		return p.r.Read(b)
	}
	if len(p.rest) == 0 && p.err == nil && len(b) > 0 {
		p.wait()
	}
	n := copy(b, p.rest)
	if p.rest = p.rest[n:]; len(p.rest) > 0 {
		return n, nil
	}
	return n, p.err
}

// wait fills p.rest with the next read, or sets p.err.
func (p *patient) wait() {
	if p.got == nil {
		p.got, p.buf = make(chan given, 1), make([]byte, headSize)
	}
	go func() {
		n, err := p.r.Read(p.buf)
		p.got <- given{n, err}
	}()
	select {
	case g := <-p.got:
		p.rest, p.err = p.buf[:g.n], g.err
	case <-p.stop:
		select {
		case g := <-p.got: // just in time
			p.rest, p.err = p.buf[:g.n], g.err
		default:
			p.err = io.EOF
		}
	}
}
