/* SPDX-License-Identifier: Apache-2.0
 * The functions of the daemon that serve calls. serve knows nothing else of models and cameras. Thread-safety: serve
 * calls these from serve_poll() only, one at a time. Their results stay valid until the next call of any of them. */
#ifndef SERVE_CALLBACKS_H
#define SERVE_CALLBACKS_H

#include "tag/tagger.h"
#include "tag/tags_file.h"

/* How a request ended; docs/protocol.md lists the words and CoAP codes, serve/code.c the table. */
enum serve_code {
    SERVE_OK,
    SERVE_USAGE,
    SERVE_UTF8,
    SERVE_ID,
    SERVE_CRC,
    SERVE_LONG,
    SERVE_VERB,
    SERVE_NONE,
    SERVE_DENIED,
    SERVE_PROVE,
    SERVE_BUSY,
    SERVE_LIMIT,
    SERVE_ABSENT,
    SERVE_FAILED,
    SERVE_CODES,
    SERVE_DEFERRED = SERVE_CODES /* no result yet: the request is handled again; see change() and search() */
};

/* The state as of the last frame. */
struct serve_view {
    uint64_t seq;  /* of that frame; 0: none yet */
    double age_ms; /* since it was taken; NAN: none yet */
    uint64_t version;
    const char *model;
    const struct tagger_status *tags; /* (count), in the order of the file */
    size_t count;
    uint64_t stamp; /* of the tags: another one when anything of them is; 0: there is none */
};

struct serve_field {
    const char *name; /* lower case and '_' */
    const char *text; /* NULL: the number */
    double number;
};

enum serve_change_kind { SERVE_ADD, SERVE_SET, SERVE_REMOVE };

struct serve_value {
    const char *key;  /* "prompt", "against", "group", or of a rule */
    const char *text; /* "" in SERVE_REMOVE: the key's line, whatever it says */
};

/* Identifies a request for a change, so that repeats of it make the change once. */
struct serve_origin {
    uint64_t client;  /* a number of an address, or of a wire */
    uint64_t request; /* a number of all that it says */
    bool named;       /* by an id: the same again is that request once more, also when it has been answered */
    bool may_wait;    /* there is room for it to be answered later */
    uint64_t ticket;  /* of the change that it has waited for; 0: it comes anew. SERVE_DEFERRED sets it */
};

/* CHANGES: the last ones, CELLS: minutes, STRETCH_S: all of them. */
enum { SERVE_REPLAY_CHANGES = 32, SERVE_REPLAY_CELLS = 60, SERVE_REPLAY_S = 3600 };

struct serve_replay_change {
    double time; /* seconds since 1970 */
    bool on;
    float score, margin; /* as of a tag's event */
};

/* How the last hour would have been judged with a tag, by the vectors that the history kept. */
struct serve_replayed {
    size_t pictures;     /* that were judged */
    double since, until; /* seconds since 1970: when the hour began and ended, or later, where only so many are kept */
    double on_s;         /* so many seconds the tag was on */
    size_t turned_on;    /* so often it turned on */
    bool on;             /* it is, at the end */
    float threshold;     /* margin from which it is on, at the end; NAN: none yet */
    const char *rule;    /* which rule decides: its word, static; NULL: none can */
    struct serve_replay_change changes[SERVE_REPLAY_CHANGES]; /* (count), the oldest first */
    size_t count;
    float scores[SERVE_REPLAY_CELLS]; /* the highest of each minute, the oldest first; NAN: no picture */
    float on_in[SERVE_REPLAY_CELLS];  /* seconds that it was on in each */
};

/* Checked: keys are known, texts are UTF-8 without control characters and within their limits. */
struct serve_change {
    enum serve_change_kind kind;
    const char *tag;
    const struct serve_value *values;
    size_t count; /* 0: SERVE_ADD: make the tag; SERVE_REMOVE: the tag itself */
    struct serve_origin *origin;
    /* Not NULL: the change is not made, but this is filled in; `kind` is SERVE_SET, and count 0 means the tag as it
     * stands, or a new one. `without` then are values that go afterwards, as SERVE_REMOVE takes them. */
    struct serve_replayed *replayed;
    const struct serve_value *without; /* (without_count) */
    size_t without_count;
};

/* What is looked for: a text, a picture, or what both have in common. */
struct serve_query {
    const char *text;       /* "": none */
    const uint8_t *picture; /* (picture_size): a file's bytes, unchecked; NULL: none */
    size_t picture_size;    /* at most SERVE_PICTURE */
};

struct serve_hit {
    double time; /* seconds since 1970 */
    double score;
    const char *tags; /* names, parted by ", " */
};

/* PICTURE: bytes of a picture's file that is sent. */
enum { SERVE_MESSAGE = 160, SERVE_FIELDS = 48, SERVE_HITS = 32, SERVE_PICTURE = 4 << 20 };

struct serve_found {
    const struct serve_hit *hits; /* (count), best first, at most SERVE_HITS */
    size_t count;
    double since; /* of the oldest picture that was looked at; NAN: there was none */
};

/* The answer where nothing is kept: it says what to do. */
#define SERVE_NO_HISTORY "no history: the board's file needs [memory] with file = NAME, and the program SQLite"

struct serve_callbacks {
    void *user;
    void (*view)(void *user, struct serve_view *view);
    /* The file as it is, and its version: once the view has that too it is in force. */
    const struct tags_file *(*prompts)(void *user, uint64_t *version);
    /* Makes it so in the file, whole or not at all; see serve_change_text(). On any code but SERVE_OK `message` may get
     * a sentence. SERVE_DEFERRED: it is under way, or waits for others; when pending() has become false, told by
     * serve_wake(), the same request gets its end at once by its ticket. SERVE_BUSY: too many wait, or somebody else
     * saves the file. SERVE_ABSENT: of change->replayed, where nothing is kept. */
    enum serve_code (*change)(void *user, const struct serve_change *change, char message[SERVE_MESSAGE]);
    /* Fills fields (SERVE_FIELDS) and gives how many. */
    size_t (*status)(void *user, struct serve_field *fields);
    /* No more pictures are looked at until resumed; NULL: it cannot. */
    void (*pause)(void *user, bool paused);
    /* The last frame as JPEG. NULL, or false: none. */
    bool (*frame)(void *user, const uint8_t **jpeg, size_t *size);
    /* NULL: not built in, or no history. SERVE_DEFERRED: it has begun, or goes on; it calls serve_wake() when
     * searching() has become false. Then the same query gets its result at once, as long as no other search has begun.
     * SERVE_BUSY: something else is searched for, or `others` wait for the end of theirs. SERVE_USAGE, SERVE_LONG: of
     * the picture, as the message tells. What the query points to need not stay. */
    enum serve_code (*search)(void *user, const struct serve_query *query, bool others, struct serve_found *found,
                              char message[SERVE_MESSAGE]);
    bool (*searching)(void *user); /* only with search() */
    /* Is this change still under way? NULL: change() never gives SERVE_DEFERRED. */
    bool (*pending)(void *user, uint64_t ticket);
    /* As view(), which then need not give the tags: for requests that tell them. NULL: view() gives all. */
    void (*tags)(void *user, struct serve_view *view);
    /* What is wrong now and lasts: *texts (count). NULL: nobody knows. */
    size_t (*faults)(void *user, const char *const **texts);
    /* The last frame as a small JPEG; free(*jpeg). NULL, or false: none. */
    bool (*thumbnail)(void *user, uint8_t **jpeg, size_t *size);
    /* The last lines of the log, the oldest first: *lines (count). NULL: they are not kept. */
    size_t (*log)(void *user, const char *const **lines);
};

#endif
