package guest

import "unsafe"

// arena is where the host puts data and where answers lie until the host has read them. A static
// buffer, as in SDKs in the wild: a module with one declares more than 10 MiB of memory from the start.
var (
	arena [10 << 20]byte
	used  uint32
)

func address(bytes []byte) int64 {
	if len(bytes) == 0 {
		return 0
	}
	return int64(uintptr(unsafe.Pointer(&bytes[0])))
}

//go:wasmexport paca_malloc
func allocate(size int32) int32 {
	if size <= 0 || uint32(size) > uint32(len(arena))-used {
		return 0
	}
	at := address(arena[used:])
	used += uint32(size)
	return int32(at)
}

// ResetAllocator empties the arena: called by the host after each call.
//
//go:wasmexport ResetAllocator
func ResetAllocator() { used = 0 }

// taken copies what the host placed at an address of this memory. Anything outside the arena is
// nothing: the host has no business there.
func taken(at, length uint32) []byte {
	base := uint32(address(arena[:]))
	if length == 0 || at < base || uint64(at-base)+uint64(length) > uint64(len(arena)) {
		return nil
	}
	return append([]byte(nil), arena[at-base:at-base+length]...)
}

// given places an answer in the arena and packs its address and length.
func given(answer []byte) int64 {
	at := allocate(int32(len(answer)))
	if at == 0 {
		return 0
	}
	base := uint32(address(arena[:]))
	copy(arena[uint32(at)-base:], answer)
	return int64(at)<<32 | int64(len(answer))
}
