package exchange

import (
	"os"

	"golang.org/x/sys/unix"
)

// swap puts one folder in the place of another, of which it takes the name, in one
// step and once it is on disk: whoever looks sees the one or the other.
func swap(fresh, old string) error {
	if f, err := os.Open(fresh); err == nil {
		_ = unix.Syncfs(int(f.Fd()))
		f.Close()
	}
	if unix.Renameat2(unix.AT_FDCWD, fresh, unix.AT_FDCWD, old, unix.RENAME_EXCHANGE) == nil {
		return nil
	}
	return swapInSteps(fresh, old)
}
