package exercise

import (
	"bytes"
	"strings"
)

// A linuxHost is the town's file server: auth.log as rsyslog writes it (RFC
// 3164, the host's clock is UTC) and audit.log as auditd writes it.
type linuxHost struct {
	site        *site
	name, ip    string
	auth, audit *textLog
	serial      int64
	session     int64
	lastPID     int
}

func (s *site) linuxHost() *linuxHost {
	name := "files" + two(s.number)
	return &linuxHost{
		site: s, name: name, ip: "10.20.1.40", serial: 18211, session: 402, lastPID: 1290,
		auth:  s.text(name+"/auth.log", nil, nil),
		audit: s.text(name+"/audit/audit.log", nil, nil),
	}
}

func (h *linuxHost) pid() int {
	h.lastPID += h.site.rand.between(1, 40)
	if h.lastPID > 32000 {
		h.lastPID = 1000 + h.site.rand.n(200)
	}
	return h.lastPID
}

// log writes a line of auth.log, stamped as rsyslog's file format does, with
// the year: 2021-02-26T07:02:11.000000+00:00 files01 sshd[812]: text.
func (h *linuxHost) log(t int64, program string, pid int, truth *Truth, text string) {
	b := append(date(h.site.line[:0], t), 'T')
	b = append(clockTime(b, t), ".000000+00:00 "...)
	b = append(append(append(b, h.name...), ' '), program...)
	if pid > 0 {
		b = append(number(append(b, '['), int64(pid)), ']')
	}
	b = append(append(append(b, ": "...), text...), '\n')
	h.auth.add(t, truth, b)
	h.site.line = b
}

// A person is an account of the Linux host.
type person struct {
	name string
	uid  int
}

var (
	adminUser  = person{"itadmin", 1000}
	backupUser = person{"svc-backup", 1001}
)

// signIn writes a login over ssh and returns its session, to be ended by
// signOut.
func (h *linuxHost) signIn(t int64, p person, from, method string, truth *Truth) (pid int, session int64) {
	pid = h.pid()
	h.session++
	port := string(number10(h.site.rand.between(49152, 65535)))
	line := "Accepted " + method + " for " + p.name + " from " + from + " port " + port + " ssh2"
	if method == "publickey" {
		line += ": ED25519 SHA256:Zx0TrainingKeyTrainingKeyTrainingKeyTrainin"
	}
	h.log(t, "sshd", pid, truth.unseen("the audit log's own record of the login is the one that is told"), line)
	routine := truth.unseen("the session itself looks like any other")
	h.log(t+40*millisecond, "sshd", pid, routine, "pam_unix(sshd:session): session opened for user "+p.name+" by (uid=0)")
	h.log(t+90*millisecond, "systemd-logind", 611, routine, "New session "+string(number(nil, h.session))+" of user "+p.name+".")
	h.login(t, pid, p, from, true, truth)
	return pid, h.session
}

func (h *linuxHost) signOut(t int64, p person, pid int, session int64, truth *Truth) {
	routine := truth.unseen("the session itself looks like any other; the login before it tells")
	h.log(t, "sshd", pid, routine, "pam_unix(sshd:session): session closed for user "+p.name)
	h.log(t+60*millisecond, "systemd-logind", 611, routine, "Session "+string(number(nil, session))+" logged out. Waiting for processes to exit.")
}

// refuse writes a password that was wrong, for an account that may not exist.
func (h *linuxHost) refuse(t int64, name string, exists bool, from string, truth *Truth) {
	pid := h.pid()
	port := string(number10(h.site.rand.between(49152, 65535)))
	routine := truth.unseen("the line Failed password after it is the one that is counted")
	who := name
	if !exists {
		who = "invalid user " + name
		h.log(t-900*millisecond, "sshd", pid, routine, "Invalid user "+name+" from "+from+" port "+port)
	}
	about := "authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=" + from
	if exists {
		about += "  user=" + name
	}
	h.log(t-600*millisecond, "sshd", pid, routine, "pam_unix(sshd:auth): "+about)
	h.log(t, "sshd", pid, truth, "Failed password for "+who+" from "+from+" port "+port+" ssh2")
	h.login(t, pid, person{name, -1}, from, false, truth)
}

// stamp begins an audit record: type=X msg=audit(1614756127.123:4711):
func (h *linuxHost) stamp(b []byte, kind string, t, serial int64) []byte {
	b = append(append(append(b, "type="...), kind...), " msg=audit("...)
	b = epoch(b, t, 3)
	return append(number(append(b, ':'), serial), "): "...)
}

// login writes auditd's USER_LOGIN.
func (h *linuxHost) login(t int64, pid int, p person, from string, ok bool, truth *Truth) {
	h.serial++
	b := h.stamp(h.site.line[:0], "USER_LOGIN", t, h.serial)
	b = append(number(append(b, "pid="...), int64(pid)), ` uid=0 auid=4294967295 ses=4294967295 subj=unconfined msg='op=login `...)
	if p.uid >= 0 {
		b = number(append(b, "id="...), int64(p.uid))
	} else {
		b = append(append(append(b, `acct="`...), p.name...), '"')
	}
	b = append(append(append(b, ` exe="/usr/sbin/sshd" hostname=`...), from...), " addr="...)
	b = append(append(b, from...), " terminal=ssh res="...)
	if ok {
		b = append(b, "success'\n"...)
	} else {
		b = append(b, "failed'\n"...)
	}
	h.audit.add(t, truth, b)
	h.site.line = b
}

// A command is one program that was run: the five records of one event.
type command struct {
	t         int64
	as        person
	session   int64
	parent    int
	tty       string // "pts0", or "(none)"
	directory string
	program   string // path
	arguments []string
	key       string // of the audit rule
	truth     *Truth
}

func (h *linuxHost) run(c command) int {
	h.serial++
	pid := h.pid()
	uid := int64(c.as.uid)
	name := c.program[strings.LastIndexByte(c.program, '/')+1:]
	b := h.stamp(h.site.line[:0], "SYSCALL", c.t, h.serial)
	b = append(b, "arch=c000003e syscall=59 success=yes exit=0 a0=55d8c1a4e3f0 a1=55d8c1a50710 a2=55d8c1a4c2d0 a3=8 items=2 ppid="...)
	b = number(append(number(b, int64(c.parent)), " pid="...), int64(pid))
	b = number(append(b, " auid="...), uid)
	for _, k := range []string{"uid", "gid", "euid", "suid", "fsuid", "egid", "sgid", "fsgid"} {
		b = number(append(append(append(b, ' '), k...), '='), uid)
	}
	b = append(append(append(b, " tty="...), c.tty...), " ses="...)
	b = append(append(append(number(b, c.session), ` comm="`...), name...), `" exe="`...)
	b = append(append(append(b, c.program...), `" subj=unconfined key="`...), c.key...)
	b = append(b, "\"\n"...)
	b = number(append(h.stamp(b, "EXECVE", c.t, h.serial), "argc="...), int64(len(c.arguments)))
	for i, a := range c.arguments {
		b = append(number(append(b, " a"...), int64(i)), '=')
		b = auditValue(b, a)
	}
	b = append(b, '\n')
	b = append(append(h.stamp(b, "CWD", c.t, h.serial), `cwd="`...), c.directory...)
	b = append(b, "\"\n"...)
	b = append(append(h.stamp(b, "PATH", c.t, h.serial), `item=0 name="`...), c.program...)
	b = append(b, `" inode=262871 dev=fd:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0`+"\n"...)
	b = append(h.stamp(b, "PROCTITLE", c.t, h.serial), "proctitle="...)
	for _, x := range []byte(strings.Join(c.arguments, "\x00")) {
		b = append(b, hexUpper[x>>4], hexUpper[x&15])
	}
	b = append(b, '\n')
	h.audit.add(c.t, c.truth, b)
	h.site.line = b
	return pid
}

// auditValue appends a string the way auditd does: quoted, or in hexadecimal
// when it holds a space, a quote or a control character.
func auditValue(b []byte, s string) []byte {
	if !bytes.ContainsFunc([]byte(s), func(r rune) bool { return r <= ' ' || r == '"' || r > '~' }) {
		return append(append(append(b, '"'), s...), '"')
	}
	for i := range len(s) {
		b = append(b, hexUpper[s[i]>>4], hexUpper[s[i]&15])
	}
	return b
}
