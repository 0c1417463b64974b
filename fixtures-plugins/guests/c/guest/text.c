// Texts: compared, read as JSON, written.

#include "guest.h"

bool same(text_t a, text_t b) {
    if (a.len != b.len) return false;
    for (uint32_t i = 0; i < a.len; i++) {
        if (a.at[i] != b.at[i]) return false;
    }
    return true;
}

uint64_t number(text_t text) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++) {
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    return value;
}

// The string that begins at `from`, a quotation mark; `*after` is where the text goes on.
static text_t quoted(text_t json, uint32_t from, uint32_t *after) {
    uint32_t end = from + 1;
    while (end < json.len && json.at[end] != '"') end += json.at[end] == '\\' ? 2 : 1;
    if (end >= json.len) {
        *after = json.len;
        return TEXT("");
    }
    *after = end + 1;
    return (text_t){json.at + from + 1, end - from - 1};
}

static uint32_t skip_blanks(text_t json, uint32_t at) {
    while (at < json.len && (json.at[at] == ' ' || json.at[at] == '\n' || json.at[at] == '\r' || json.at[at] == '\t')) at++;
    return at;
}

text_t json_string(text_t object, text_t member) {
    uint32_t depth = 0;
    for (uint32_t i = 0; i < object.len;) {
        char byte = object.at[i];
        if (byte != '"') {
            if (byte == '{' || byte == '[') depth++;
            if (byte == '}' || byte == ']') depth--;
            i++;
            continue;
        }
        text_t name = quoted(object, i, &i);
        uint32_t colon = skip_blanks(object, i);
        // A string that no colon follows is a value.
        if (depth != 1 || colon >= object.len || object.at[colon] != ':' || !same(name, member)) continue;
        uint32_t value = skip_blanks(object, colon + 1);
        bool is_string = value < object.len && object.at[value] == '"';
        return is_string ? quoted(object, value, &i) : TEXT("");
    }
    return TEXT("");
}

static void put(writer_t *to, char byte) {
    if (to->len == to->room) {
        uint32_t room = to->room ? to->room * 2 : 256;
        char *at = allocate(room);
        // Out of memory: there is no answer to give.
        if (at == NULL) __builtin_trap();
        for (uint32_t i = 0; i < to->len; i++) at[i] = to->at[i];
        to->at = at;
        to->room = room;
    }
    to->at[to->len++] = byte;
}

void write(writer_t *to, text_t text) {
    for (uint32_t i = 0; i < text.len; i++) put(to, text.at[i]);
}

void write_number(writer_t *to, uint64_t number) {
    char digits[20];
    uint32_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    write(to, (text_t){digits + first, (uint32_t)sizeof digits - first});
}

void write_base64(writer_t *to, text_t bytes) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (uint32_t i = 0; i < bytes.len; i += 3) {
        uint32_t left = bytes.len - i, group = 0;
        for (uint32_t j = 0; j < 3; j++) group = group << 8 | (j < left ? (uint8_t)bytes.at[i + j] : 0);
        for (uint32_t j = 0; j < 4; j++) put(to, j <= left ? alphabet[group >> (18 - 6 * j) & 63] : '=');
    }
}

text_t written(const writer_t *writer) { return (text_t){writer->at, writer->len}; }

uint64_t respond(uint32_t status, text_t json) {
    writer_t answer = {0};
    write(&answer, TEXT("{\"status\":"));
    write_number(&answer, status);
    write(&answer, json.len ? TEXT(",\"headers\":{\"Content-Type\":\"application/json\"},\"body\":\"") : TEXT(",\"headers\":{},\"body\":\""));
    write_base64(&answer, json);
    write(&answer, TEXT("\"}"));
    return (uint64_t)(uintptr_t)answer.at << 32 | answer.len;
}

uint64_t failure(uint32_t status, text_t code, text_t message) {
    writer_t body = {0};
    write(&body, TEXT("{\"success\":false,\"error_code\":\""));
    write(&body, code);
    write(&body, TEXT("\",\"error\":\""));
    write(&body, message);
    write(&body, TEXT("\"}"));
    return respond(status, written(&body));
}
