package exercise

import (
	"bytes"
	"strings"
	"testing"
)

// The forms hold the same indicators, and two runs the same bytes.
func TestWriteIndicators(t *testing.T) {
	var bundle, again, list bytes.Buffer
	for _, x := range []struct {
		w    *bytes.Buffer
		form IndicatorForm
	}{{&bundle, Bundle}, {&again, Bundle}, {&list, List}} {
		if err := WriteIndicators(x.w, 500, 2021, x.form); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(bundle.Bytes(), again.Bytes()) {
		t.Error("two runs differ")
	}
	values := strings.Fields(list.String())
	if len(values) != 500 {
		t.Errorf("%d values, want 500", len(values))
	}
	for _, v := range values {
		if !strings.Contains(bundle.String(), " = '"+v+"']") {
			t.Errorf("%s of the list is not in the bundle", v)
		}
	}
}
