// The imports of module `paca`, and what makes them functions on texts.

#include "guest.h"

#define PACA(name) __attribute__((import_module("paca"), import_name(name)))

PACA("storage_get") void paca_storage_get(int64_t key, int64_t key_len, int64_t value, int64_t value_len);
PACA("storage_set") int32_t paca_storage_set(int64_t key, int64_t key_len, int64_t value, int64_t value_len);
PACA("storage_delete") int32_t paca_storage_delete(int64_t key, int64_t key_len);
PACA("event_emit") int32_t paca_event_emit(int64_t topic, int64_t topic_len, int64_t payload, int64_t payload_len);
PACA("log") void paca_log(int32_t level, int64_t line, int64_t line_len);

static int64_t address(const void *at) { return (int64_t)(uintptr_t)at; }

bool storage_get(text_t key, text_t *value) {
    // The host stores an address in memory it was given by `paca_malloc`, and a length; nothing when it failed.
    uint32_t at = UINT32_MAX, len = UINT32_MAX;
    paca_storage_get(address(key.at), key.len, address(&at), address(&len));
    *value = (text_t){(const char *)(uintptr_t)at, len};
    return len != UINT32_MAX;
}

bool storage_set(text_t key, text_t value) {
    return paca_storage_set(address(key.at), key.len, address(value.at), value.len) == 1;
}

bool storage_delete(text_t key) { return paca_storage_delete(address(key.at), key.len) == 1; }

bool event_emit(text_t topic, text_t json) {
    return paca_event_emit(address(topic.at), topic.len, address(json.at), json.len) == 1;
}

void log_info(text_t line) { paca_log(1, address(line.at), line.len); }
