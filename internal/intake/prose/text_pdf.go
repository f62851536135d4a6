package prose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// maxPDF is how long pdftotext may take.
const maxPDF = 2 * time.Minute

var errNoPDFToText = errors.New("reading PDF needs pdftotext, which is not installed: install poppler-utils (Debian, Ubuntu: apt install poppler-utils; macOS: brew install poppler), or give the report as text or HTML")

// pdfText returns the text of a PDF, in the order of reading.
func pdfText(raw []byte) (string, error) {
	if !bytes.Contains(raw[:min(len(raw), 1024)], []byte("%PDF-")) {
		return "", errors.New("no PDF: it does not begin with %PDF-; check that the file is whole")
	}
	path, err := exec.LookPath("pdftotext")
	if err != nil {
		return "", errNoPDFToText
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxPDF)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-enc", "UTF-8", "-", "-")
	cmd.Stdin = bytes.NewReader(raw)
	out := &limited{max: MaxText}
	complaint := &limited{max: 4096}
	cmd.Stdout, cmd.Stderr = out, complaint
	switch err := cmd.Run(); {
	case ctx.Err() != nil:
		return "", fmt.Errorf("pdftotext took longer than %v: the PDF may be damaged; give the report as text", maxPDF)
	case out.full:
		return "", fmt.Errorf("the PDF has more than %d MB of text: give the pages that matter", MaxText>>20)
	case err != nil:
		why, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return "", fmt.Errorf("pdftotext could not read the PDF (%w: %.200s): save it again without protection, or give the report as text", err, why)
	}
	text := strings.ToValidUTF8(strings.ReplaceAll(out.String(), "\f", "\n\n"), "�")
	if strings.TrimSpace(text) == "" {
		return "", errors.New("the PDF has no text, only pictures of it: run it through OCR first")
	}
	return text, nil
}

// limited keeps what is written to it, up to max bytes.
type limited struct {
	bytes.Buffer
	max  int
	full bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.max {
		l.full = true
		return 0, errors.New("too much")
	}
	return l.Buffer.Write(p)
}
