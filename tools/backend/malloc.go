//go:build linux && (amd64 || arm64) && cgo && !noxla

package backend

// void dapt_keep_memory(void);
import "C"

import "sync"

// keepMemory makes the C allocator, which is that of XLA's CPU plugin, keep what is freed, in huge pages where Linux lends
// them. Left alone, glibc returns a step's gigabyte to the system after every step: a tenth of the time then goes into
// getting it again, page by page, and more where another process has taken it meanwhile. Other C libraries stay as they are.
var keepMemory = sync.OnceFunc(func() { C.dapt_keep_memory() })
