// What a plugin in C needs: texts, memory that crosses the boundary, a reader of JSON strings, a writer.
//
// There is no libc: a plugin is what it defines and the host functions it imports, some kilobytes.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

// Bytes with a length. Nothing here ends with a zero.
typedef struct {
    const char *at;
    uint32_t len;
} text_t;

#define TEXT(literal) ((text_t){(literal), sizeof(literal) - 1})

bool same(text_t a, text_t b);

// A decimal number, up to the first byte that is no digit.
uint64_t number(text_t text);

// Room that is taken back when the call is over; 0 when there is none. The host asks for it by the name
// `paca_malloc`.
void *allocate(uint32_t len);

// The string value of a member of a JSON object, as it is written: escapes are left as they are. Empty where the
// member is missing or no string.
text_t json_string(text_t object, text_t member);

// A text that grows.
typedef struct {
    char *at;
    uint32_t len, room;
} writer_t;

void write(writer_t *to, text_t text);
void write_number(writer_t *to, uint64_t number);
void write_base64(writer_t *to, text_t bytes);
text_t written(const writer_t *writer);

// An answer as HandleRequest returns it. A body without bytes is none.
uint64_t respond(uint32_t status, text_t json);

// An answer that says what went wrong, in the shape of the host's own errors. The texts need no escapes.
uint64_t failure(uint32_t status, text_t code, text_t message);

// The host functions a plugin calls; false where the host could not. A key that is not there has an empty value.
bool storage_get(text_t key, text_t *value);
bool storage_set(text_t key, text_t value);
bool storage_delete(text_t key);
bool event_emit(text_t topic, text_t json);
void log_info(text_t line);
