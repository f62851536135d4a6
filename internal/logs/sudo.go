package logs

import (
	"bytes"

	"github.com/tocsin-project/tocsin/event"
)

// sudoNames are what sudo tells of a command (sudoers(5), "LOG FORMAT").
var sudoNames = []string{"HOST", "TTY", "CHROOT", "PWD", "USER", "GROUP", "TSID", "ENV", "COMMAND"}

// addSudo adds what a message of sudo tells to the event begun: "ann :
// TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/sh -c x". The command is
// the last of it, whatever it holds.
func (p *Parser) addSudo(message []byte) {
	_, rest, _ := bytes.Cut(message, []byte(" : "))
	for len(rest) > 0 {
		part := rest
		rest = nil
		if !bytes.HasPrefix(part, []byte("COMMAND=")) {
			part, rest, _ = bytes.Cut(part, []byte(" ; "))
		}
		key, value, _ := bytes.Cut(part, []byte("="))
		for _, name := range sudoNames {
			if string(key) == name {
				p.ev.Add(p.names.LookupString(name), name, value, event.String)
			}
		}
	}
}
