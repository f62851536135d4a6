package prose

import (
	"strings"
	"testing"
	"time"
)

// TestLinearTime holds that no text makes reading slow: of what could make
// rules look far, eight times as much takes about eight times as long.
func TestLinearTime(t *testing.T) {
	for _, unit := range []string{
		"US ", "US, ", "US and ", "Agency and ", "Agency ", "Ministry of ", "accuse ", "US accuse ", "accused of ", "not ", "hack ",
		"Microsoft hack ", "A ", "A hack ", "1,000", "1 million ", "1.", "at least ", "Monday ", "May 1, 2021 ", "affiliated to ",
		"China-affiliated ", "attributed to ", "Exchange Server ", "- \n", "-\n", "A b c d\n", "\n", "T1059.\n", "T1059.001 ", "(", "\"", "[",
		"<p>", "<a ", "`", "*a", "[a](", "<!--", "Play ", "net ", "Cobalt Strike ", "Remote ", "Data from ", "é", "\xff", ". ", "a.b ", "hxxp://a[.]b ",
		"The hack affected 5 servers ", "said ", "Operation Aurora ", "Operation A", "AAAA hack ", "FBI denied ", "EU, US, NATO united ",
		"|a", "# a\n", "TLP:", "TLP:RED ", "Date: May\n",
	} {
		formats := []Format{Text}
		if strings.ContainsAny(unit, "<`*[|#") {
			formats = append(formats, HTML, Markdown)
		}
		for _, f := range formats {
			short := readingTime(t, unit, 1<<12, f)
			long := readingTime(t, unit, 1<<15, f)
			if long > 64*max(short, 10*time.Millisecond) {
				t.Errorf("%q as %s: %v, eight times as much %v", unit, f, short, long)
			}
		}
	}
}

func readingTime(t *testing.T, unit string, size int, f Format) time.Duration {
	t.Helper()
	text := strings.Repeat(unit, size/len(unit))
	start := time.Now()
	d, err := Load(strings.NewReader(text), f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Drafts(d, Read(d, Options{})); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}
