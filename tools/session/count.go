package session

import (
	"fmt"
	"os"
	"time"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// CountBar shows on standard error how many of total things are done: a bar on a terminal, else a line every ten seconds. The
// caller calls finish, which removes it. show is for one goroutine at a time.
func CountBar(doing string, total int) (show func(done int), finish func()) {
	bar, start := NewBar(), time.Now()
	return func(done int) {
		p := experiment.Progress{Run: doing, Doing: doing, Number: 1, Runs: 1, Done: done, Total: total}
		if terminal() {
			bar.draw(p, doing)
		} else if now := time.Now(); now.Sub(bar.last) > 10*time.Second || done == total {
			bar.last = now
			fmt.Fprintf(os.Stderr, "%3d %%  %s  (%s)\n", 100*done/max(total, 1), doing, Pace(p, start))
		}
	}, bar.Finish
}
