package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// localFolders are where the logs of each kind of machine lie. Names
// between percent signs are environment variables.
var localFolders = map[string][]string{
	"windows": {
		`%SystemRoot%\System32\winevt\Logs`,
		`%SystemDrive%\inetpub\logs\LogFiles`,
		`%ExchangeInstallPath%\Logging\HttpProxy`,
		`%ExchangeInstallPath%\Logging\ECP`,
		`%ExchangeInstallPath%\Logging\OABGeneratorLog`,
		`%ProgramFiles%\Microsoft\Exchange Server\V15\Logging\HttpProxy`,
		`%ProgramFiles%\Microsoft\Exchange Server\V15\Logging\ECP`,
		`%ProgramFiles%\Microsoft\Exchange Server\V15\Logging\OABGeneratorLog`,
	},
	"linux":  {"/var/log", "/run/log/journal"},
	"darwin": {"/var/log", "/Library/Logs"},
}

// localLogs returns the log folders of this machine and says which.
func localLogs(stderr io.Writer) ([]string, error) {
	var found []string
	for _, folder := range localFolders[runtime.GOOS] {
		folder = expand(folder)
		if folder == "" {
			continue
		}
		if _, err := os.Stat(folder); err == nil && !slices.Contains(found, folder) {
			found = append(found, folder)
		}
	}
	if len(found) == 0 {
		return nil, usageError{errors.New("no log folder was found on this machine: name a PATH")}
	}
	fmt.Fprintf(stderr, "tocsin: hunting the logs of this machine: %s\n", strings.Join(found, ", "))
	return found, nil
}

// expand replaces %NAME% by the environment variable; "" when it is not set.
func expand(path string) string {
	name, rest, ok := strings.Cut(strings.TrimPrefix(path, "%"), "%")
	if !ok || path[0] != '%' {
		return path
	}
	value := os.Getenv(name)
	if value == "" {
		return ""
	}
	return filepath.Clean(value + rest)
}
