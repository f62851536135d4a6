package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// A pageTimeline is the picture of findings over time: a lane of bars for
// each severity, and under them a line for each kind of log over the time
// that it covers. Units are those of the SVG.
type pageTimeline struct {
	Width, Height int
	Step          string // what one bar stands for
	Outside       string // what is not drawn
	Lanes         []pageLane
	Logs          []pageLog
	LogsTop       int
	MoreLogs      string
	Ticks         []pageTick
	Left, Right   int // of the plot
	Bottom        int // of the plot
}

type pageLane struct {
	Name, Label, Top string // Top is the count of the highest bar
	Base             int    // y of the bars' feet
	Middle           int
	Bars             []pageBar
}

type pageBar struct{ X, Y, W, H, Text string }

type pageLog struct {
	Name, Text string
	Y          int
	X1, X2     string
}

type pageTick struct {
	X          string
	Label, Sub string
}

// The measures of the picture.
const (
	plotLeft, plotRight, plotWidth = 160, 1150, 1200
	laneHeight, laneGap            = 34, 10
	logHeight                      = 17
	maxLogs                        = 12
	maxTicks                       = 8
)

// newPageTimeline returns nil when no finding has a time.
func newPageTimeline(s *Summary, c *coverage) *pageTimeline {
	p := s.timeline.picture()
	if len(p.bars) == 0 {
		return nil
	}
	t := &pageTimeline{Width: plotWidth, Left: plotLeft, Right: plotRight, Step: span(p.step)}
	if p.before+p.after > 0 {
		t.Outside = fmt.Sprintf("Not drawn: %s before and %s after this period.", plural(p.before, "finding"), number(p.after))
	}
	if timed := s.timeline.total(); timed < s.AtLeast(0) {
		t.Outside += fmt.Sprintf(" Without a time: %s.", plural(s.AtLeast(0)-timed, "finding"))
	}
	y := 8
	for severity := severities - 1; severity >= 0; severity-- {
		if lane, ok := newPageLane(&p, severity, y); ok {
			t.Lanes = append(t.Lanes, lane)
			y += laneHeight + laneGap
		}
	}
	t.LogsTop = y + 6
	y = t.LogsTop + 12
	for i := range c.kinds {
		k := &c.kinds[i]
		if k.first == event.NoTime {
			continue
		}
		if len(t.Logs) == maxLogs {
			t.MoreLogs = "Only the kinds of log with the most records are drawn."
			break
		}
		t.Logs = append(t.Logs, p.log(k, y))
		y += logHeight
	}
	t.Bottom = y
	t.Ticks = p.ticks()
	t.Height = y + 40
	return t
}

func newPageLane(p *picture, severity, y int) (pageLane, bool) {
	var top, total uint64
	for i := range p.bars {
		top = max(top, p.bars[i][severity])
		total += p.bars[i][severity]
	}
	name := finding.Severity(severity).String()
	lane := pageLane{Name: name, Label: name + " " + number(total), Top: number(top), Base: y + laneHeight, Middle: y + laneHeight/2 + 4}
	w := float64(plotRight-plotLeft) / float64(len(p.bars))
	for i := range p.bars {
		n := p.bars[i][severity]
		if n == 0 {
			continue
		}
		h := max(2.5, laneHeight*float64(n)/float64(top))
		from := p.start.Add(time.Duration(i) * p.step)
		lane.Bars = append(lane.Bars, pageBar{
			X: decimal(plotLeft + float64(i)*w), Y: decimal(float64(lane.Base) - h), W: decimal(max(1, w-1)), H: decimal(h),
			Text: fmt.Sprintf("%s, %s: %s", from.Format("2006-01-02 15:04"), span(p.step), plural(n, name+" finding")),
		})
	}
	return lane, total > 0
}

// x returns where t stands, kept within the plot.
func (p *picture) x(t time.Time) float64 {
	whole := float64(p.step) * float64(len(p.bars))
	share := float64(t.Sub(p.start)) / whole // Sub saturates
	return plotLeft + (plotRight-plotLeft)*max(0, min(1, share))
}

func (p *picture) log(k *coverageKind, y int) pageLog {
	_, name, ok := strings.Cut(k.name(), " · ")
	if !ok {
		name = k.name()
	}
	first, last := time.Unix(0, k.first).UTC(), time.Unix(0, k.last).UTC()
	a, b := p.x(first), p.x(last)
	return pageLog{
		Name: cut(name, 21), Y: y, X1: decimal(a), X2: decimal(max(b, a+2)),
		Text: fmt.Sprintf("%s: %s, %s to %s", k.name(), plural(k.records, "record"), minute(k.first), minute(k.last)),
	}
}

// ticks returns the marks of the time axis, at full days, hours or minutes.
func (p *picture) ticks() []pageTick {
	whole := p.step * time.Duration(len(p.bars))
	i := slices.Index(steps[:], p.step)
	for i+1 < len(steps) && whole/steps[i] > maxTicks {
		i++
	}
	step := steps[i]
	var list []pageTick
	date := ""
	for n := bucket(p.start.UnixNano()-1, step) + 1; ; n++ {
		at := time.Unix(0, 0).UTC().Add(time.Duration(n) * step)
		if at.After(p.start.Add(whole)) {
			return list
		}
		tick := pageTick{X: decimal(p.x(at)), Label: at.Format("15:04"), Sub: at.Format("2 Jan 2006")}
		switch {
		case step >= day:
			tick.Label, tick.Sub = at.Format("2 Jan"), at.Format("2006")
		case step < time.Minute:
			tick.Label = at.Format("15:04:05")
		}
		if tick.Sub == date {
			tick.Sub = ""
		} else {
			date = tick.Sub
		}
		list = append(list, tick)
	}
}

// decimal writes a coordinate with one digit after the point.
func decimal(x float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0") }

// span writes a step in words.
func span(d time.Duration) string {
	switch {
	case d >= day:
		return plural(int(d/day), "day")
	case d >= time.Hour:
		return plural(int(d/time.Hour), "hour")
	case d >= time.Minute:
		return plural(int(d/time.Minute), "minute")
	}
	return plural(int(d/time.Second), "second")
}
