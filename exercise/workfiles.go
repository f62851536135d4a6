package exercise

// The ordinary work of the file server.

func (s *site) workLinux(each every) {
	each(&always, 26, s.cron)
	each(&office, 4, s.adminSSH)
	each(&office, 2, s.sshTypo)
}

// cron is what runs every hour and every ten minutes.
func (s *site) cron(t int64) {
	h := s.files
	pid := h.pid()
	h.log(t, "CRON", pid, nil, "pam_unix(cron:session): session opened for user root by (uid=0)")
	h.log(t+s.rand.long(3*second)+millisecond, "CRON", pid, nil, "pam_unix(cron:session): session closed for user root")
}

var chores = []struct {
	program   string
	arguments []string
}{
	{"/usr/bin/apt-get", []string{"apt-get", "update"}},
	{"/usr/bin/apt-get", []string{"apt-get", "-y", "upgrade"}},
	{"/usr/bin/systemctl", []string{"systemctl", "restart", "smbd"}},
	{"/usr/bin/df", []string{"df", "-h"}},
	{"/usr/bin/tail", []string{"tail", "-n", "50", "/var/log/samba/log.smbd"}},
	{"/usr/bin/du", []string{"du", "-sh", "/srv/shares"}},
	{"/usr/bin/less", []string{"less", "/var/log/syslog"}},
	{"/usr/bin/chown", []string{"chown", "-R", "root:staff", "/srv/shares/public notices"}},
}

// adminSSH is the administrator at work on the file server.
func (s *site) adminSSH(t int64) {
	h := s.files
	sshd, session := h.signIn(t, adminUser, s.seatOfAdmin(), "publickey", nil)
	begun := t
	for range s.rand.between(1, 2) {
		t += int64(s.rand.between(8, 90)) * second
		c := &chores[s.rand.n(len(chores))]
		line := c.arguments[0]
		for _, a := range c.arguments[1:] {
			line += " " + a
		}
		h.log(t-20*millisecond, "sudo", 0, nil, " itadmin : TTY=pts/0 ; PWD=/home/itadmin ; USER=root ; COMMAND="+c.program+line[len(c.arguments[0]):])
		h.log(t-10*millisecond, "sudo", 0, nil, "pam_unix(sudo:session): session opened for user root by itadmin(uid=0)")
		h.run(command{t: t, as: adminUser, session: session, parent: sshd + 21, tty: "pts0", directory: "/home/itadmin", program: c.program, arguments: c.arguments, key: "commands"})
		h.log(t+2*second, "sudo", 0, nil, "pam_unix(sudo:session): session closed for user root")
	}
	h.signOut(max(t, begun)+minute, adminUser, sshd, session, nil)
}

// sshTypo is a password that the administrator mistypes, then gets right.
func (s *site) sshTypo(t int64) {
	h := s.files
	seat := s.seatOfAdmin()
	h.refuse(t, adminUser.name, true, seat, nil)
	sshd, session := h.signIn(t+int64(s.rand.between(5, 12))*second, adminUser, seat, "password", nil)
	h.signOut(t+s.rand.long(12*minute)+minute, adminUser, sshd, session, nil)
}
