package observable

import (
	"os"
	"path/filepath"
	"testing"
)

// shared returns the path of a file or folder of the data shared beside the
// repository, and skips where it is absent.
func shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the shared data has no %s: %v", name, err)
		}
		t.Skipf("no shared data at %s", path)
	}
	return path
}

func sharedFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(shared(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
