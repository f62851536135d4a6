//go:build unix

// Package postgrestest starts a PostgreSQL server for tests, from the programs
// that Debian's package postgresql installs.
package postgrestest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Server is a PostgreSQL server with its data in a temporary folder, on a
// Unix socket there. It syncs to disk as one in use does.
type Server struct {
	programs, folder string
	run              *syscall.Credential // as whom; nil: as the user of the test
	process          *os.Process
	ended            chan struct{}
	log              bytes.Buffer
	databases        atomic.Int64
}

// Start starts a server that ends with the test. Where PostgreSQL is not
// installed the test is skipped; in CI it fails.
func Start(t testing.TB) *Server {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("PostgreSQL is not installed: apt-get install postgresql")
		}
		t.Skip("PostgreSQL is not installed: apt-get install postgresql")
	}
	// Not t.TempDir: the path of a socket has at most 107 bytes, and the user
	// postgres must get there.
	folder, err := os.MkdirTemp("", "tocsin-postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	s := &Server{programs: filepath.Dir(slices.Max(found)), folder: folder}
	if os.Getuid() == 0 {
		if s.run, err = owner(folder); err != nil {
			t.Fatalf("PostgreSQL does not run as root: %v", err)
		}
	}
	init := s.command("initdb", "-D", filepath.Join(folder, "data"), "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(syscall.SIGINT) })
	return s
}

// owner gives folder to the user postgres.
func owner(folder string) (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(folder, uid, gid)
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.programs, program), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.run}
	return cmd
}

// Database returns the address of a new, empty database.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	c, err := pgx.Connect(t.Context(), s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	if _, err := c.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://tocsin@/%s?host=%s", database, s.folder)
}

// Kill ends the server at once, as a crash of the machine does to it.
func (s *Server) Kill() { s.stop(syscall.SIGKILL) }

func (s *Server) stop(signal syscall.Signal) {
	if s.process != nil {
		s.process.Signal(signal)
		<-s.ended
		s.process = nil
	}
}

// Restart starts the server when it does not run.
func (s *Server) Restart() error {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		// After a kill the server's other processes have to notice that it is
		// gone; until then a new one refuses to start.
		s.log.Reset()
		cmd := s.command("postgres", "-D", filepath.Join(s.folder, "data"), "-k", s.folder, "-c", "listen_addresses=", "-c", "max_wal_size=4GB")
		cmd.Stderr = &s.log
		if err := cmd.Start(); err != nil {
			return err
		}
		ended := make(chan struct{})
		go func() {
			cmd.Wait()
			close(ended)
		}()
		s.process, s.ended = cmd.Process, ended
		if s.ready(deadline) {
			return nil
		}
		s.process = nil
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("PostgreSQL does not start:\n%s", s.log.String())
}

// ready waits until the server answers, or has ended.
func (s *Server) ready(deadline time.Time) bool {
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		c, err := pgx.Connect(ctx, s.url("postgres"))
		cancel()
		if err == nil {
			c.Close(context.Background())
			return true
		}
		select {
		case <-s.ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}
