package intake

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// stix reads STIX 2.1, and 2.0, which it lifts.
func (r *reading) stix() error {
	in := stix.NewReader(r.R)
	for {
		o, err := in.Next()
		var lost *stix.ObjectError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &lost):
			err = r.reject(fmt.Sprintf("byte %d", lost.Offset), lost.ID, nil, "%v: ask its sender to correct it", lost.Err)
		case err == nil:
			err = r.object(o)
		}
		if err != nil {
			return err
		}
	}
}

// object hands on one STIX object.
func (r *reading) object(o *stix.Object) error {
	if o.Type == "bundle" { // within a bundle: section 8 has none
		return r.reject("", string(o.ID), o.Raw(), "a bundle within a bundle: take the objects out of it (section 8)")
	}
	lifted, err := stix.Lift(o)
	if err != nil {
		return r.reject("", string(o.ID), o.Raw(), "STIX 2.0 that cannot be read as 2.1: %v", err)
	}
	for _, o := range lifted {
		broken := ""
		if !r.Lax {
			broken = brokenRules(o)
		}
		if broken != "" {
			err = r.reject("", string(o.ID), o.Raw(), "%s; ask its sender to correct it, or say --lax to take it in as it is", broken)
		} else {
			err = r.to.Item(Item{Object: o})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// brokenRules says which MUSTs an object breaks, "" when none.
func brokenRules(o *stix.Object) string {
	var told []string
	n := 0
	for _, p := range stix.Validate(o) {
		if !p.Must {
			continue
		}
		if n++; n <= 3 {
			told = append(told, p.String())
		}
	}
	if n > 3 {
		told = append(told, fmt.Sprintf("and %d more", n-3))
	}
	return strings.Join(told, "; ")
}
