// Tocsin is a node of collective cyber defence.
//
// Results go to standard output, everything else to standard error. It ends
// with 0 when done, 1 when it failed, 2 when it was called wrongly and 3 when
// --fail-on was met, or a pattern did not match.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tocsin-project/tocsin/internal/intake"
	"github.com/tocsin-project/tocsin/internal/report"
)

// How the program ends.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitFound  = 3
)

// errFound ends a hunt that met --fail-on.
var errFound = errors.New("findings at or above --fail-on")

type commands struct {
	Hunt       huntCommand       `cmd:"" help:"Ask every rule about every log record of PATHs, or of this machine."`
	Events     eventsCommand     `cmd:"" help:"Print the records of PATHs as rules see them, one JSON object a line."`
	Rules      rulesCommand      `cmd:"" help:"Check and list Sigma rules."`
	Pattern    patternCommand    `cmd:"" help:"Check STIX patterns, and match them against observed-data."`
	Import     importCommand     `cmd:"" help:"Take in what allies know: STIX, MISP, lists, tables, reports."`
	Review     reviewCommand     `cmd:"" help:"List what was read from reports, and accept or reject it."`
	Export     exportCommand     `cmd:"" help:"Write what the store knows: a STIX bundle, a table."`
	Search     searchCommand     `cmd:"" help:"Find objects by words."`
	Show       showCommand       `cmd:"" help:"Show an object and what it hangs together with."`
	Stats      statsCommand      `cmd:"" help:"Count what the store knows."`
	Backup     backupCommand     `cmd:"" help:"Copy the store to a file."`
	Serve      serveCommand      `cmd:"" help:"Run a node: give what the store knows to others over TAXII 2.1, each what it may see."`
	Publish    publishCommand    `cmd:"" help:"Write what anyone may see as a tree of files, for any web server."`
	Mark       markCommand       `cmd:"" help:"Say who may see objects that were made here."`
	Withdraw   withdrawCommand   `cmd:"" help:"Take objects away for good."`
	Org        orgCommand        `cmd:"" help:"Organisations that the node knows."`
	Token      tokenCommand      `cmd:"" help:"Tokens that members of organisations ask with."`
	Community  communityCommand  `cmd:"" help:"Communities of organisations."`
	Collection collectionCommand `cmd:"" help:"Collections of what a query finds, for some or for all."`
	Peer       peerCommand       `cmd:"" help:"Other nodes and TAXII servers that this node asks, and sends to."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// program is what a command may touch of the world.
type program struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
}

// results is standard output. It keeps the first error, so that no command
// ends well whose results were lost.
type results struct {
	w   io.Writer
	err error
}

func (r *results) Write(b []byte) (int, error) {
	n, err := r.w.Write(b)
	if r.err == nil {
		r.err = err
	}
	return n, err
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program. The first interrupt asks it to end cleanly, the
// second ends it at once.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := make(chan struct{})
	defer close(ended)
	context.AfterFunc(ctx, func() {
		stop()
		select {
		case <-ended:
		case <-time.After(3 * time.Second): // a disk that does not answer, much to report
			fmt.Fprintln(stderr, "tocsin: still ending; interrupt again to end at once")
		}
	})

	var cmds commands
	code := -1
	parser, err := kong.New(&cmds,
		kong.Name("tocsin"),
		kong.Description("Hunt what the allies know across your own logs.\n\nThe first thing to try: tocsin hunt /var/log"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { code = c }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Help(help),
		kong.Vars{
			"workers": strconv.Itoa(defaultWorkers()),
			"store":   defaultStore(),
			"formats": strings.Join(intake.Formats(), ", "),
		},
	)
	if err != nil {
		fmt.Fprintf(stderr, "tocsin: %v\n", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if code >= 0 { // --help
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "tocsin: %s\nSee: tocsin --help\n", plain(err))
		return exitUsage
	}
	out := &results{w: stdout}
	if err = parsed.Run(&program{ctx, stdin, out, stderr}); err == nil {
		err = out.err
	}
	var wrong usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFound), errors.Is(err, errNoMatch):
		return exitFound
	case errors.As(err, &wrong):
		command, _, _ := strings.Cut(parsed.Command(), " <")
		fmt.Fprintf(stderr, "tocsin: %s\nSee: tocsin %s --help\n", plain(err), command)
		return exitUsage
	}
	fmt.Fprintf(stderr, "tocsin: %s\n", plain(err))
	return exitFailed
}

// plain prints err on one line, the names in it without anything that steers
// a terminal.
func plain(err error) string {
	return report.Printable(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// usageError is a mistake in how the program was called.
type usageError struct{ error }

// help prints kong's help and then the examples of the command.
func help(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if node := ctx.Selected(); node != nil {
		if e, ok := node.Target.Addr().Interface().(interface{ Examples() string }); ok {
			fmt.Fprintf(ctx.Stdout, "\nExamples:\n%s", e.Examples())
		}
	}
	return nil
}
