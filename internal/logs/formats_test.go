package logs

import (
	"os"
	"strings"
	"testing"
)

// docs/formats.md names every format, dialect and container.
func TestFormatsAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, f := range formats {
		if !strings.Contains(page, "| `"+f.name+"` |") && !strings.Contains(page, "Format `"+f.name+"`") {
			t.Errorf("no row for format %s", f.name)
		}
	}
	for _, d := range dialects {
		if !strings.Contains(page, "`"+d.name+"`") {
			t.Errorf("no row for dialect %s", d.name)
		}
	}
	for _, c := range containers {
		if !strings.Contains(page, c.name) {
			t.Errorf("container %s is not named", c.name)
		}
	}
	for _, w := range wrappers {
		if !strings.Contains(page, "`"+w+"`") {
			t.Errorf("wrapper %s is not named", w)
		}
	}
}
