/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "convert/read/pickle_inner.h"

#include <stdlib.h>
#include <string.h>

/* A whole training state of CLIP's largest has some 10 000 values. Each step makes one value or one item at most. */
enum { MOST_STEPS = 2 << 20, MOST_MEMO = 1 << 20 };

typedef void operation(struct pickle_reader *r, uint8_t code);

/* ---- faults ---- */

void pickle_broken(struct pickle_reader *r, const char *what) {
    if (r->status) return;
    r->status = log_fail(OCELLI_ERR_FILE, "%s: its pickle has %s (at byte %zu): fetch the file again", r->name, what,
                         r->in.position);
}

static void no_memory(struct pickle_reader *r) {
    if (!r->status) r->status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", r->name);
}

static void too_large(struct pickle_reader *r) {
    if (r->status) return;
    r->status =
        log_fail(OCELLI_ERR_LIMIT, "%s: its pickle has over %d steps: save the state dict alone", r->name, MOST_STEPS);
}

/* ---- values ---- */

void *pickle_alloc(struct pickle_reader *r, size_t size) {
    void *made = r->status ? NULL : arena_alloc(r->arena, 1, size);
    if (!made) no_memory(r);
    return made;
}

bool pickle_step(struct pickle_reader *r) {
    if (++r->steps > MOST_STEPS) too_large(r);
    return !r->status;
}

struct pickle_value *pickle_make(struct pickle_reader *r, enum pickle_kind kind) {
    struct pickle_value *v = pickle_alloc(r, sizeof *v);
    if (v) v->kind = kind;
    return v;
}

bool pickle_add(struct pickle_reader *r, struct pickle_value *to, const struct pickle_value *key,
                const struct pickle_value *value) {
    struct pickle_item *item = pickle_alloc(r, sizeof *item);
    if (!item) return false;
    *item = (struct pickle_item){key, value, NULL};
    if (to->last)
        to->last->next = item;
    else
        to->first = item;
    to->last = item;
    return true;
}

static bool holds_items(const struct pickle_value *v) {
    return v->kind == PICKLE_TUPLE || v->kind == PICKLE_DICT || v->kind == PICKLE_OBJECT;
}

/* ---- the stack and the memo ---- */

/* Room for element `index` of an array that doubles. */
static bool make_room(struct pickle_reader *r, struct pickle_value ***array, size_t *room, size_t index) {
    if (index < *room) return true;
    size_t wanted = *room ? *room : 64;
    while (wanted <= index) wanted *= 2;
    struct pickle_value **grown = realloc(*array, wanted * sizeof *grown);
    if (!grown) return no_memory(r), false;
    memset(grown + *room, 0, (wanted - *room) * sizeof *grown);
    *array = grown;
    *room = wanted;
    return true;
}

static void push(struct pickle_reader *r, struct pickle_value *v) {
    if (!v || r->status || !make_room(r, &r->stack, &r->stack_room, r->depth)) return;
    r->stack[r->depth++] = v;
}

/* NULL: there is none, which was said. A mark is no value. */
static struct pickle_value *top(struct pickle_reader *r) {
    if (!r->status && r->depth && r->stack[r->depth - 1]->kind != PICKLE_MARK) return r->stack[r->depth - 1];
    pickle_broken(r, "nothing where a value is needed");
    return NULL;
}

static struct pickle_value *pop(struct pickle_reader *r) {
    struct pickle_value *v = top(r);
    if (v) r->depth--;
    return v;
}

/* Place on the stack behind the last mark; what lies there are its values. */
static size_t behind_mark(struct pickle_reader *r) {
    for (size_t i = r->depth; i > 0 && !r->status; i--)
        if (r->stack[i - 1]->kind == PICKLE_MARK) return i;
    pickle_broken(r, "no mark where one is needed");
    return 0;
}

/* Memoized values are looked at under their index. */
static void put(struct pickle_reader *r, uint64_t index) {
    struct pickle_value *v = top(r);
    if (index >= MOST_MEMO) return too_large(r);
    if (v && make_room(r, &r->memo, &r->memo_room, (size_t)index)) r->memo[index] = v;
}

static void get(struct pickle_reader *r, uint64_t index) {
    if (index >= r->memo_room || !r->memo[index]) return pickle_broken(r, "a reference to nothing");
    push(r, r->memo[index]);
}

/* ---- what follows an opcode ---- */

/* `size` bytes, least first. */
static uint64_t read_number(struct pickle_reader *r, size_t size) {
    const uint8_t *bytes = span_bytes(&r->in, size);
    uint64_t value = 0;
    if (!bytes) return pickle_broken(r, "its end too early"), 0;
    for (size_t i = 0; i < size; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static const char *read_bytes(struct pickle_reader *r, uint64_t length) {
    const uint8_t *bytes = r->status ? NULL : span_bytes(&r->in, length);
    if (!bytes) pickle_broken(r, "its end too early");
    return (const char *)bytes;
}

/* Up to the end of the line, without it. */
static const char *read_line(struct pickle_reader *r, size_t *length) {
    const char *start = (const char *)r->in.data + r->in.position;
    const char *end = span_left(&r->in) ? memchr(start, '\n', span_left(&r->in)) : NULL;
    if (!end) return pickle_broken(r, "its end too early"), NULL;
    *length = (size_t)(end - start);
    r->in.position += *length + 1;
    return start;
}

static void push_int(struct pickle_reader *r, int64_t number) {
    struct pickle_value *v = pickle_make(r, PICKLE_INT);
    if (v) v->number = number;
    push(r, v);
}

static struct pickle_value *make_text(struct pickle_reader *r, const char *text, size_t length) {
    struct pickle_value *v = text ? pickle_make(r, PICKLE_TEXT) : NULL;
    if (!v) return NULL;
    v->text = arena_copy(r->arena, text, length);
    v->length = length;
    return v->text ? v : (no_memory(r), NULL);
}

/* ---- the operations ---- */

static void do_nothing_of(struct pickle_reader *r, uint8_t code) {
    (void)read_number(r, code == 0x95 ? 8 : 1); /* FRAME, PROTO */
}

static void do_mark(struct pickle_reader *r, uint8_t code) {
    (void)code;
    push(r, pickle_make(r, PICKLE_MARK));
}

static void do_stop(struct pickle_reader *r, uint8_t code) {
    (void)code;
    if (top(r)) r->stopped = true;
}

static void do_pop(struct pickle_reader *r, uint8_t code) {
    if (code == '1')
        r->depth = behind_mark(r), r->depth -= r->depth > 0; /* POP_MARK */
    else if (r->depth > 0)
        r->depth--;
    else
        pickle_broken(r, "nothing where a value is needed");
}

static void do_dup(struct pickle_reader *r, uint8_t code) {
    (void)code;
    push(r, top(r));
}

static void do_none(struct pickle_reader *r, uint8_t code) {
    (void)code;
    push(r, pickle_make(r, PICKLE_NONE));
}

static void do_bool(struct pickle_reader *r, uint8_t code) {
    push_int(r, code == 0x88);
}

static void do_int(struct pickle_reader *r, uint8_t code) {
    uint64_t value = read_number(r, code == 'J' ? 4 : code == 'M' ? 2 : 1);
    push_int(r, code == 'J' ? (int32_t)(uint32_t)value : (int64_t)value);
}

/* LONG1, LONG4: two's complement of any length. */
static void do_long(struct pickle_reader *r, uint8_t code) {
    uint64_t length = read_number(r, code == 0x8a ? 1 : 4);
    const uint8_t *bytes = (const uint8_t *)read_bytes(r, length);
    if (!bytes) return;
    if (length > 8) return push(r, pickle_make(r, PICKLE_OTHER)); /* the magic number of old files */
    uint64_t value = length && bytes[length - 1] & 0x80 ? UINT64_MAX : 0;
    for (uint64_t i = length; i-- > 0;) value = value << 8 | bytes[i];
    push_int(r, (int64_t)value);
}

static void do_float(struct pickle_reader *r, uint8_t code) {
    (void)code;
    (void)read_number(r, 8);
    push(r, pickle_make(r, PICKLE_OTHER));
}

/* BINUNICODE and its short and long forms; the strings of Python 2 as well. */
static void do_text(struct pickle_reader *r, uint8_t code) {
    uint64_t length = read_number(r, code == 0x8c || code == 'U' ? 1 : code == 0x8d ? 8 : 4);
    push(r, make_text(r, read_bytes(r, length), (size_t)length));
}

static void do_bytes(struct pickle_reader *r, uint8_t code) {
    uint64_t length = read_number(r, code == 'C' ? 1 : code == 'B' ? 4 : 8);
    if (read_bytes(r, length)) push(r, pickle_make(r, PICKLE_OTHER));
}

static void do_empty(struct pickle_reader *r, uint8_t code) {
    push(r, pickle_make(r, code == '}' ? PICKLE_DICT : PICKLE_TUPLE)); /* ) ] and the empty set too */
}

/* Of the values from `first` on, which leave the stack. */
static void push_tuple(struct pickle_reader *r, size_t first, size_t gone) {
    struct pickle_value *v = pickle_make(r, PICKLE_TUPLE);
    for (size_t i = first; v && i < r->depth; i++)
        if (!pickle_add(r, v, NULL, r->stack[i])) return;
    r->depth = first - gone;
    push(r, v);
}

static void do_tuple(struct pickle_reader *r, uint8_t code) {
    size_t count = code == 0x85 ? 1 : code == 0x86 ? 2 : 3;
    for (size_t i = 0; i < count; i++)
        if (i >= r->depth || r->stack[r->depth - 1 - i]->kind == PICKLE_MARK)
            return pickle_broken(r, "nothing where a value is needed");
    push_tuple(r, r->depth - count, 0);
}

/* TUPLE, LIST and FROZENSET: what lies behind the mark. */
static void do_marked_tuple(struct pickle_reader *r, uint8_t code) {
    (void)code;
    size_t first = behind_mark(r);
    if (first) push_tuple(r, first, 1);
}

static void add_pairs(struct pickle_reader *r, struct pickle_value *dict, size_t first) {
    if ((r->depth - first) % 2) return pickle_broken(r, "a key without a value");
    for (size_t i = first; i < r->depth && !r->status; i += 2) pickle_add(r, dict, r->stack[i], r->stack[i + 1]);
}

static void do_marked_dict(struct pickle_reader *r, uint8_t code) {
    (void)code;
    size_t first = behind_mark(r);
    struct pickle_value *v = first ? pickle_make(r, PICKLE_DICT) : NULL;
    if (!v) return;
    add_pairs(r, v, first);
    r->depth = first - 1;
    push(r, v);
}

/* SETITEMS, APPENDS, ADDITEMS: what lies behind the mark, into what lies before it. */
static void do_add_marked(struct pickle_reader *r, uint8_t code) {
    size_t first = behind_mark(r);
    if (!first) return;
    struct pickle_value *to = first > 1 ? r->stack[first - 2] : NULL;
    bool pairs = code == 'u';
    if (!to || (to->kind != (pairs ? PICKLE_DICT : PICKLE_TUPLE) && to->kind != PICKLE_OTHER))
        return pickle_broken(r, "items for what holds none");
    if (to->kind == PICKLE_OTHER)
        ; /* of no use here */
    else if (pairs)
        add_pairs(r, to, first);
    else
        for (size_t i = first; i < r->depth && !r->status; i++) pickle_add(r, to, NULL, r->stack[i]);
    r->depth = first - 1;
}

static void do_setitem(struct pickle_reader *r, uint8_t code) {
    (void)code;
    struct pickle_value *value = pop(r), *key = pop(r), *to = top(r);
    if (!to) return;
    if (to->kind == PICKLE_DICT)
        pickle_add(r, to, key, value);
    else if (to->kind != PICKLE_OTHER)
        pickle_broken(r, "items for what holds none");
}

static void do_append(struct pickle_reader *r, uint8_t code) {
    (void)code;
    struct pickle_value *value = pop(r), *to = top(r);
    if (!to) return;
    if (to->kind == PICKLE_TUPLE)
        pickle_add(r, to, NULL, value);
    else if (to->kind != PICKLE_OTHER)
        pickle_broken(r, "items for what holds none");
}

static void do_put(struct pickle_reader *r, uint8_t code) {
    put(r, read_number(r, code == 'q' ? 1 : 4));
}

/* MEMOIZE: under the next number, which is how many there are. */
static void do_memoize(struct pickle_reader *r, uint8_t code) {
    (void)code;
    size_t next = r->memo_next;
    put(r, next);
    r->memo_next = next + 1;
}

static void do_get(struct pickle_reader *r, uint8_t code) {
    get(r, read_number(r, code == 'h' ? 1 : 4));
}

static void do_global(struct pickle_reader *r, uint8_t code) {
    (void)code;
    size_t lengths[2] = {0, 0};
    const char *lines[2] = {read_line(r, &lengths[0]), NULL};
    if (lines[0]) lines[1] = read_line(r, &lengths[1]);
    if (!lines[1]) return;
    const char *module = arena_copy(r->arena, lines[0], lengths[0]), *name = arena_copy(r->arena, lines[1], lengths[1]);
    if (!module || !name) return no_memory(r);
    push(r, pickle_global(r, module, name));
}

static void do_stack_global(struct pickle_reader *r, uint8_t code) {
    (void)code;
    struct pickle_value *name = pop(r), *module = pop(r);
    if (!module) return;
    if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT) return pickle_broken(r, "a name that is no text");
    push(r, pickle_global(r, module->text, name->text));
}

/* REDUCE, NEWOBJ, NEWOBJ_EX: Python would call something here. */
static void do_call(struct pickle_reader *r, uint8_t code) {
    if (code == 0x92 && !pop(r)) return; /* keywords */
    struct pickle_value *arguments = pop(r), *callable = pop(r);
    if (callable) push(r, pickle_call(r, callable, arguments));
}

/* BUILD: an object's attributes. A dict may have some as well (_metadata), which are no items of it. */
static void do_build(struct pickle_reader *r, uint8_t code) {
    (void)code;
    struct pickle_value *state = pop(r), *object = top(r);
    if (!object || object->kind != PICKLE_OBJECT || state->kind != PICKLE_DICT) return;
    for (const struct pickle_item *i = state->first; i && !r->status; i = i->next)
        if (pickle_step(r)) pickle_add(r, object, i->key, i->value);
}

static void do_persistent(struct pickle_reader *r, uint8_t code) {
    (void)code;
    struct pickle_value *id = pop(r);
    if (id) push(r, pickle_storage(r, id));
}

static operation *const operations[256] = {
    [0x80] = do_nothing_of,  [0x95] = do_nothing_of,  ['('] = do_mark,          ['.'] = do_stop,
    ['0'] = do_pop,          ['1'] = do_pop,          ['2'] = do_dup,           ['N'] = do_none,
    [0x88] = do_bool,        [0x89] = do_bool,        ['J'] = do_int,           ['K'] = do_int,
    ['M'] = do_int,          [0x8a] = do_long,        [0x8b] = do_long,         ['G'] = do_float,
    ['X'] = do_text,         [0x8c] = do_text,        [0x8d] = do_text,         ['T'] = do_text,
    ['U'] = do_text,         ['B'] = do_bytes,        ['C'] = do_bytes,         [0x8e] = do_bytes,
    [0x96] = do_bytes,       [')'] = do_empty,        [']'] = do_empty,         ['}'] = do_empty,
    [0x8f] = do_empty,       [0x85] = do_tuple,       [0x86] = do_tuple,        [0x87] = do_tuple,
    ['t'] = do_marked_tuple, ['l'] = do_marked_tuple, [0x91] = do_marked_tuple, ['d'] = do_marked_dict,
    ['u'] = do_add_marked,   ['e'] = do_add_marked,   [0x90] = do_add_marked,   ['s'] = do_setitem,
    ['a'] = do_append,       ['q'] = do_put,          ['r'] = do_put,           [0x94] = do_memoize,
    ['h'] = do_get,          ['j'] = do_get,          ['c'] = do_global,        [0x93] = do_stack_global,
    ['R'] = do_call,         [0x81] = do_call,        [0x92] = do_call,         ['b'] = do_build,
    ['Q'] = do_persistent,
};

static void step(struct pickle_reader *r) {
    uint8_t code;
    if (!span_u8(&r->in, &code)) return pickle_broken(r, "its end too early");
    if (!pickle_step(r)) return;
    if (!operations[code]) return pickle_broken(r, "an opcode that a state dict does not need");
    operations[code](r, code);
}

int pickle_parse(struct pickle *pickle, const void *bytes, size_t size, const char *name) {
    *pickle = (struct pickle){0};
    struct pickle_reader r = {.arena = &pickle->arena, .name = name, .in = span_of(bytes, size)};
    while (!r.stopped && !r.status) step(&r);
    if (!r.status) pickle->root = r.stack[r.depth - 1];
    pickle->storages = r.storages;
    pickle->storage_count = r.storage_count;
    pickle->size = r.in.position;
    free(r.stack);
    free(r.memo);
    if (r.status) pickle_finish(pickle);
    return r.status;
}

void pickle_finish(struct pickle *pickle) {
    arena_finish(&pickle->arena);
    *pickle = (struct pickle){0};
}

bool pickle_is(const struct pickle_value *value, const char *text) {
    return value && value->kind == PICKLE_TEXT && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}

/* The last one, as Python has it: a key set again takes the new value. */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key) {
    const struct pickle_value *found = NULL;
    if (!holds_items(dict)) return NULL;
    for (const struct pickle_item *i = dict->first; i; i = i->next)
        if (pickle_is(i->key, key)) found = i->value;
    return found;
}
