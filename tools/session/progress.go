package session

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/tools/download"
)

// Bar shows an experiment's progress on standard error: a bar on a terminal, else a line every few seconds.
type Bar struct {
	bar   *progressbar.ProgressBar
	start time.Time
	last  time.Time
	run   string
}

// NewBar begins to count time.
func NewBar() *Bar { return &Bar{start: time.Now()} }

func terminal() bool { return term.IsTerminal(int(os.Stderr.Fd())) }

// Show draws how far the experiment is.
func (b *Bar) Show(p experiment.Progress) {
	text := Where(p)
	if p.Loss != 0 {
		text += fmt.Sprintf(", loss %.3f", p.Loss)
	}
	if terminal() {
		b.draw(p, text)
		return
	}
	if p.Run != b.run || time.Since(b.last) > 10*time.Second {
		b.line(p, text)
	}
}

// CountBar shows on standard error how many of total things are done: a bar on a terminal, else a line every ten seconds. The
// caller calls finish, which removes it. show is for one goroutine at a time.
func CountBar(doing string, total int) (show func(done int), finish func()) {
	bar := NewBar()
	return func(done int) {
		p := experiment.Progress{Run: doing, Doing: doing, Number: 1, Runs: 1, Done: done, Total: total}
		if terminal() {
			bar.draw(p, doing)
		} else if time.Since(bar.last) > 10*time.Second || done == total {
			bar.line(p, doing)
		}
	}, bar.Finish
}

// line prints how far it is.
func (b *Bar) line(p experiment.Progress, text string) {
	b.run, b.last = p.Run, time.Now()
	fmt.Fprintf(os.Stderr, "%3d %%  %s  (%s)\n", 100*p.Done/max(p.Total, 1), text, Pace(p, b.start))
}

func (b *Bar) draw(p experiment.Progress, text string) {
	if b.bar == nil {
		b.bar = progressbar.NewOptions(p.Total,
			progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(true), progressbar.OptionShowIts(), progressbar.OptionSetItsString("images"),
			progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	}
	b.bar.Describe(text)
	_ = b.bar.Set(p.Done) // a bar that cannot be drawn is no reason to stop
}

// Where says what is at work, such as "run 4 of 19, Mini maple 1 shots seed 2: tuning, epoch 3 of 10".
func Where(p experiment.Progress) string {
	return fmt.Sprintf("run %d of %d, %s: %s", p.Number, p.Runs, p.Run, p.Doing)
}

// settled is how long it takes until a rate says something: at first, programs compile.
const settled = 10 * time.Second

// Pace is the rate since start and an estimate of the time to go, such as "812 images/s, 43s left".
func Pace(p experiment.Progress, start time.Time) string {
	if p.Done == 0 || time.Since(start) < settled {
		return "beginning"
	}
	rate := float64(p.Done) / time.Since(start).Seconds()
	return fmt.Sprintf("%.0f images/s, %s left", rate, time.Duration(float64(p.Total-p.Done)/rate*float64(time.Second)).Round(time.Second))
}

// Finish removes the bar.
func (b *Bar) Finish() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}

// ofTotal says how many bytes come in all, if that is known.
func ofTotal(total int64) string {
	if total == 0 {
		return ""
	}
	return " of " + download.Bytes(total)
}

// DownloadBar shows bytes on standard error as they arrive: a bar on a terminal, else a line every ten seconds.
func DownloadBar(what string) func(done, total int64) {
	if !terminal() {
		last := time.Now()
		return func(done, total int64) {
			if now := time.Now(); now.Sub(last) > 10*time.Second {
				last = now
				fmt.Fprintf(os.Stderr, "%s: %s%s\n", what, download.Bytes(done), ofTotal(total))
			}
		}
	}
	var bar *progressbar.ProgressBar
	return func(done, total int64) {
		if bar == nil {
			// A bar of a total of -1 counts, one of 0 shows nothing.
			bar = progressbar.NewOptions64(cmp.Or(total, -1), progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
				progressbar.OptionShowBytes(true), progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set64(done)
	}
}
