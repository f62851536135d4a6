package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"

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

var (
	uuidName = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	hashLine = regexp.MustCompile(`^[0-9a-f]{32},[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\s*(\n|$)`)
)

func isManifest(head []byte, _ string) bool {
	s, ok := shapeOf(head)
	return ok && uuidName.MatchString(s.keys[0]) && s.inner != nil
}

// manifest reads the list of the events of a feed.
func (r *reading) manifest() error {
	if r.Feed == nil {
		return nil // the events lie beside it
	}
	raw, err := r.whole("manifest")
	if err != nil {
		return err
	}
	m, err := misp.ParseManifest(raw)
	if err != nil {
		return err
	}
	for _, uuid := range slices.Sorted(maps.Keys(m)) {
		if err := r.Feed(uuid); err != nil {
			return err
		}
	}
	return nil
}

func isHashes(head []byte, _ string) bool { return hashLine.Match(head) }

// hashes steps over the table of a feed in which hashes of values stand beside
// the events that have them: the events themselves say what the values are.
func (r *reading) hashes() error { return nil }

func isGalaxy(head []byte, _ string) bool {
	s, ok := shapeOf(head)
	return ok && (s.has("values") || bytes.Contains(head, []byte(`"values"`)) && s.has("authors"))
}

// galaxy reads the clusters of a galaxy of MISP.
func (r *reading) galaxy() error {
	raw, err := r.whole("galaxy")
	if err != nil {
		return err
	}
	g, err := misp.ParseGalaxy(raw)
	if err != nil {
		return err
	}
	objects, problems := g.STIX()
	for _, o := range objects {
		if err := r.to.Item(Item{Object: o}); err != nil {
			return err
		}
	}
	for _, p := range problems {
		if err := r.reject("", g.UUID, nil, "%s", p); err != nil {
			return err
		}
	}
	return nil
}

// whole reads an input that must be held as a whole.
func (r *reading) whole(what string) ([]byte, error) {
	const most = 256 << 20
	raw, err := io.ReadAll(io.LimitReader(r.R, most+1))
	if len(raw) > most {
		err = fmt.Errorf("a %s of more than %d MB: break it up", what, most>>20)
	}
	return raw, err
}
