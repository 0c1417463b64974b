// Memory: handed out upwards from where the program's own ends, taken back at once.

#include "guest.h"

#define PAGE 65536u

// Set by the linker: the first byte that nothing else uses.
extern char __heap_base;

static uintptr_t next;

EXPORT("ResetAllocator") void reset_allocator(void) { next = 0; }

EXPORT("paca_malloc") void *allocate(uint32_t len) {
    if (next == 0) next = (uintptr_t)&__heap_base;
    // On eight bytes, so that anything may lie there.
    uint64_t end = ((uint64_t)next + len + 7) & ~UINT64_C(7);
    uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;
    if (end > have) {
        uint64_t pages = (end - have + PAGE - 1) / PAGE;
        if (pages > UINT16_MAX || __builtin_wasm_memory_grow(0, (size_t)pages) == SIZE_MAX) return NULL;
    }
    void *at = (void *)next;
    next = (uintptr_t)end;
    return at;
}
