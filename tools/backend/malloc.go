//go:build ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && cgo && !noxla

package backend

/*
#include <stdlib.h>
#if defined(__linux__)
#include <features.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static void keep_memory(void) {
	const uintptr_t huge = 2 << 20;
	mallopt(M_MMAP_MAX, 0);        // large blocks come from the heap
	mallopt(M_TRIM_THRESHOLD, -1); // which never shrinks
	mallopt(M_ARENA_MAX, 1);       // and is one, so that steps use what compilation has freed
	size_t size = (size_t)sysconf(_SC_PHYS_PAGES) / 2 * (size_t)sysconf(_SC_PAGESIZE);
	char *block = malloc(size); // addresses only: memory is taken when it is written to
	if (block == NULL) {
		return;
	}
	uintptr_t start = ((uintptr_t)block + huge - 1) / huge * huge;
	madvise((void *)start, size - (start - (uintptr_t)block), MADV_HUGEPAGE);
	free(block);
}
#else
static void keep_memory(void) {}
#endif
*/
import "C"

import "sync"

// keepMemory makes the C allocator, which is that of XLA's CPU plugin, keep what is freed, in huge pages where Linux lends
// them. Left alone, glibc returns a step's gigabyte to the system after every step: a tenth of the time then goes into
// getting it again, page by page, and more where another process has taken it meanwhile. Elsewhere it does nothing.
var keepMemory = sync.OnceFunc(func() { C.keep_memory() })
