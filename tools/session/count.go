package session

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// CountBar shows on standard error how many of total are done: a bar on a terminal, else a line every ten seconds. It may be
// called from several goroutines.
func CountBar(what string, total int) func(done int) {
	if terminal() {
		bar := progressbar.NewOptions(total, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		return func(int) { _ = bar.Add(1) } // a bar that cannot be drawn is no reason to stop
	}
	var lock sync.Mutex
	last := time.Now()
	return func(done int) {
		lock.Lock()
		defer lock.Unlock()
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Fprintf(os.Stderr, "%s: %d of %d\n", what, done, total)
		}
	}
}
