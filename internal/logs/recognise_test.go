package logs

import (
	"strings"
	"testing"
)

// What one bad record or a lost block looks like does not decide what the
// rest of a file is.
func TestRecognisedDespiteDamage(t *testing.T) {
	const (
		access = "192.0.2.7 - - [03/Mar/2021:04:42:00 +0000] \"GET /a HTTP/1.1\" 200 1 \"-\" \"curl\"\n"
		iis    = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method\n2021-03-03 04:42:00 192.0.2.7 GET\n"
	)
	long := strings.Repeat("x", headSize*2) + "\n"
	for _, c := range []struct{ what, content, format string }{
		{"a long line behind the first", access + long + access, "accesslog"},
		{"a long line of syslog", "Mar  3 04:42:00 host sshd[1]: hello\n" + long, "syslog"},
		{"a long line of auditd", "type=SYSCALL msg=audit(1614746520.123:7): syscall=59\n" + long, "auditd"},
		{"NULs where a machine lost power", iis + strings.Repeat("\x00", headSize*2) + "\n2021-03-03 04:43:00 192.0.2.7 GET\n", "w3c"},
		{"nothing but NULs", strings.Repeat("\x00", headSize*2), ""},
		{"empty login records before the first", strings.Repeat("\x00", 9*utmpSize) + utmpBoot(), "utmp"},
	} {
		_, in := readAll(t, Options{}, write(t, t.TempDir(), "x", c.content))
		if f := in.Files()[0]; f.Format != c.format {
			t.Errorf("%s: read as %q (%s), want %q", c.what, f.Format, f.Skipped, c.format)
		}
	}
}

// utmpBoot returns a record of a boot (utmp(5), BOOT_TIME) of 2021.
func utmpBoot() string {
	b := make([]byte, utmpSize)
	b[0] = 2
	copy(b[utmpLine:], "~")
	copy(b[utmpUser:], "reboot")
	copy(b[utmpSec:], "\x00\x00\x3f\x60")
	return string(b)
}
