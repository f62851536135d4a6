package logs

import (
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

// sudoers(5), "LOG FORMAT".
func TestSudo(t *testing.T) {
	names := event.NewNames()
	p := NewParser(names, event.NewRouter(names, Routes()))
	for _, c := range []struct{ message, want string }{
		{"     ann : TTY=pts/0 ; PWD=/home/ann ; USER=#-1 ; COMMAND=/bin/sh -c a=b ; USER=x", "TTY=pts/0 PWD=/home/ann USER=#-1 COMMAND=/bin/sh -c a=b ; USER=x"},
		{"ann : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", "TTY=pts/0 PWD=/ USER=root COMMAND=/bin/ls"},
		{"ann : 3 incorrect password attempts ; TTY=pts/0 ; USER=root ; GROUP=g ; COMMAND=", "TTY=pts/0 USER=root GROUP=g COMMAND="},
		{"pam_unix(sudo:session): session opened for user root", ""},
		{"", ""},
	} {
		p.begin(1, 0)
		p.addSudo([]byte(c.message))
		p.origin([]byte("linux/syslog")).Route(p.ev)
		want := "linux/syslog"
		if c.want != "" {
			want += " " + c.want
		}
		if got := routed(p.ev); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.message, got, want)
		}
	}
	w := newJournalWriter(true)
	w.entry(1614733323000000, "MESSAGE=ann : TTY=pts/0 ; USER=root ; COMMAND=/bin/ls", "SYSLOG_IDENTIFIER=sudo")
	got, _ := readJournal(t, w.buf)
	wantRecords(t, got, "linux/syslog @2021-03-03T01:02:03Z MESSAGE=ann : TTY=pts/0 ; USER=root ; COMMAND=/bin/ls message=ann : TTY=pts/0 ; USER=root ; COMMAND=/bin/ls SYSLOG_IDENTIFIER=sudo program=sudo TTY=pts/0 USER=root COMMAND=/bin/ls")
}
