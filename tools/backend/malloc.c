//go:build linux && (amd64 || arm64) && cgo && !noxla

#include <features.h>

#if defined(__GLIBC__)
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// share_heap makes all threads use one heap, so that steps use what compilation has freed. It runs before there are threads:
// later, each would keep the heap that it has.
__attribute__((constructor)) static void share_heap(void) { mallopt(M_ARENA_MAX, 1); }

void dapt_keep_memory(void) {
	const uintptr_t huge = 2 << 20;
	mallopt(M_MMAP_MAX, 0);        // large blocks come from the heap
	mallopt(M_TRIM_THRESHOLD, -1); // which never shrinks
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
void dapt_keep_memory(void) {}
#endif
