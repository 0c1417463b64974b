// A plugin in C: counts what happens to tasks.
//
// Under the key `count:<topic>` lies a number and the id of the event that was counted last, in one value, so that
// one write does both. A host gives events one after the other, and one that failed again before the next: an event
// that comes twice is the one that was counted last.

#include "guest.h"

static const text_t TOPICS[] = {TEXT("task.created"), TEXT("task.updated"), TEXT("task.deleted")};
enum { TOPIC_COUNT = sizeof TOPICS / sizeof TOPICS[0], MILESTONE = 10 };

static text_t key_of(text_t topic) {
    writer_t key = {0};
    write(&key, TEXT("count:"));
    write(&key, topic);
    return written(&key);
}

// What follows the blank: the id of the event that was counted last.
static text_t last_of(text_t stored) {
    uint32_t at = 0;
    while (at < stored.len && stored.at[at] != ' ') at++;
    return at < stored.len ? (text_t){stored.at + at + 1, stored.len - at - 1} : TEXT("");
}

EXPORT("HandleEvent") void handle_event(const char *topic_at, uint32_t topic_len, const char *payload_at, uint32_t payload_len) {
    text_t topic = {topic_at, topic_len}, payload = {payload_at, payload_len};
    text_t key = key_of(topic), event = json_string(payload, TEXT("event_id")), stored;
    // A trap is how a plugin says that it did not handle an event: it is given again.
    if (!storage_get(key, &stored)) __builtin_trap();
    if (event.len > 0 && same(last_of(stored), event)) {
        log_info(TEXT("an event that was counted already"));
        return;
    }
    uint64_t count = number(stored) + 1;
    writer_t value = {0};
    write_number(&value, count);
    write(&value, TEXT(" "));
    write(&value, event);
    if (!storage_set(key, written(&value))) __builtin_trap();
    if (count % MILESTONE == 0) {
        writer_t news = {0};
        write(&news, TEXT("{\"topic\":\""));
        write(&news, topic);
        write(&news, TEXT("\",\"count\":"));
        write_number(&news, count);
        write(&news, TEXT("}"));
        // Counted it is; whoever listens for news can do without them.
        if (!event_emit(TEXT("tally.milestone"), written(&news))) log_info(TEXT("a milestone nobody heard of"));
    }
}

static uint64_t counts(void) {
    writer_t body = {0};
    for (uint32_t i = 0; i < TOPIC_COUNT; i++) {
        text_t stored;
        if (!storage_get(key_of(TOPICS[i]), &stored)) return failure(500, TEXT("INTERNAL_ERROR"), TEXT("the counts could not be read"));
        write(&body, i == 0 ? TEXT("{\"") : TEXT(",\""));
        write(&body, TOPICS[i]);
        write(&body, TEXT("\":"));
        write_number(&body, number(stored));
    }
    write(&body, TEXT("}"));
    return respond(200, written(&body));
}

static uint64_t reset(void) {
    for (uint32_t i = 0; i < TOPIC_COUNT; i++) {
        if (!storage_delete(key_of(TOPICS[i]))) return failure(500, TEXT("INTERNAL_ERROR"), TEXT("the counts could not be removed"));
    }
    return respond(204, TEXT(""));
}

EXPORT("HandleRequest") uint64_t handle_request(const char *at, uint32_t len) {
    text_t envelope = {at, len}, method = json_string(envelope, TEXT("method"));
    if (same(json_string(envelope, TEXT("path")), TEXT("counts"))) {
        if (same(method, TEXT("GET"))) return counts();
        if (same(method, TEXT("DELETE"))) return reset();
    }
    return failure(404, TEXT("NOT_FOUND"), TEXT("no such route"));
}
