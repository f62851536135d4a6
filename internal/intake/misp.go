package intake

import (
	"errors"
	"fmt"
	"io"

	"github.com/tocsin-project/tocsin/misp"
)

func isMISP(head []byte, _ string) bool {
	s, ok := shapeOf(head)
	if !ok {
		return false
	}
	return s.has("Event") || s.has("response") ||
		s.has("info") && (s.has("Attribute") || s.has("analysis") || s.has("threat_level_id") || s.has("Orgc"))
}

// misp reads events of MISP.
func (r *reading) misp() error {
	in := misp.NewReader(r.R)
	for {
		event, err := in.Next()
		var lost *misp.EventError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &lost):
			err = r.reject(fmt.Sprintf("byte %d", lost.Offset), lost.UUID, nil, "%v: ask its sender to correct it", lost.Err)
		case err == nil:
			err = r.event(event)
		}
		if err != nil {
			return err
		}
	}
}

func (r *reading) event(e *misp.Event) error {
	objects, problems := e.STIX()
	for _, o := range objects {
		if err := r.to.Item(Item{Object: o}); err != nil {
			return err
		}
	}
	for _, p := range problems {
		if err := r.reject("", e.UUID, nil, "%s", p); err != nil {
			return err
		}
	}
	return nil
}
