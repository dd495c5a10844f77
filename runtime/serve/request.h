/* SPDX-License-Identifier: Apache-2.0
 * The requests: a row and a handler each, the same for lines and for CoAP. */
#ifndef SERVE_REQUEST_H
#define SERVE_REQUEST_H

#include "serve/events.h"
#include "serve/out.h"
#include "serve/pages.h"

enum serve_method { SERVE_GET = 1, SERVE_POST, SERVE_PUT, SERVE_DELETE, SERVE_FETCH }; /* as CoAP numbers them */

enum { SERVE_PROTOCOL = 1, SERVE_ID_MOST = 32, SERVE_HEARTBEAT_S = 10, SERVE_LEASE_S = 60 };

/* The answer to a change that the client may not make: it says what to do. */
#define SERVE_DENIAL                                                                                                   \
    "changes over a network need a key: coaps://HOST with --psk FILE, and psk and coaps in [serve] of the board's "    \
    "file; or "                                                                                                        \
    "serial, "                                                                                                         \
    "or loopback"

/* The client: an address, or a serial line. Lines only. */
struct serve_client {
    bool may_change;
    bool proved;         /* it receives what is sent to it */
    char proof[9];       /* what it has to say for that */
    bool leased;         /* watching ends when it is not asked for again */
    bool may_watch;      /* there is room for one more */
    unsigned sum;        /* digits of the longest good checksum that it sent lately; 0: none */
    double sum_ms;       /* when it sent the last such */
    size_t capacity;     /* bytes that it may get for this request; 0: as many as a line has */
    const uint8_t *host; /* (16) its address, as a share of memory has a host; NULL: a wire */
    uint32_t paged;      /* its last answer that did not fit one line; see serve/pages.h */
    struct serve_watch watch;
};

/* The tags in the order of the last answer: it is the same for all clients until something changes. */
struct serve_order {
    uint64_t stamp; /* of the view; 0: none */
    const struct tagger_status *tag[TAGS_FILE_TAGS];
    size_t count;
};

struct serve_request {
    const struct serve_callbacks *callbacks;
    const struct serve_row *row;
    struct serve_events *events;
    struct serve_pages *pages;
    struct serve_order *order;
    struct serve_view view;
    double now_ms;
    const char *const *arguments; /* (count), behind the verb */
    size_t count, from;
    const uint8_t *body; /* (body_size), of a row that takes a picture */
    size_t body_size;
    bool terse;
    bool others; /* wait for a search */
    struct serve_origin *origin;
    struct serve_client *client; /* NULL: CoAP */
    char message[SERVE_MESSAGE]; /* of an error */
};

typedef enum serve_code serve_answer(struct serve_request *r, struct serve_out *out);

struct serve_row {
    const char *verb;         /* of a line; NULL: none */
    const char *path;         /* of CoAP; NULL: none */
    enum serve_method method; /* of CoAP */
    const char *query;        /* name of CoAP's parameter that is the first argument; NULL: none */
    bool changes, observed;
    bool sees;    /* tells of the tags: its view has them */
    bool pages;   /* may end with "from N" */
    bool tagged;  /* CoAP's answer has an ETag */
    bool costly;  /* for proved addresses only */
    bool picture; /* takes one, as its body, which may come in blocks */
    bool bare;    /* leaves seq and age_ms out where an address that has not proved itself may not get so many bytes */
    size_t least, most;   /* arguments */
    serve_answer *answer; /* writes fields of an open object */
    serve_answer *terse;  /* writes text; NULL: no such reading */
    serve_answer *senml;  /* writes records of an open array; NULL: none */
    const char *usage, *help;
};

extern const struct serve_row serve_rows[];
extern const size_t serve_row_count;

/* NULL: none. */
const struct serve_row *serve_row_of_verb(const char *verb);
const struct serve_row *serve_row_of_path(const char *path, enum serve_method method);

/* Takes "from N" off the arguments, and counts them. Errors: SERVE_USAGE, with a message. */
enum serve_code serve_request_check(const struct serve_row *row, struct serve_request *request);

/* Asks the callbacks for what the row's answer needs. */
void serve_request_find(struct serve_request *request);

/* Writes seq and age_ms into an open object. */
void serve_request_head(const struct serve_request *request, struct serve_out *out);

/* Whole milliseconds; -1: none yet. */
double serve_terse_age(double age_ms);

/* Writes the message and gives `code`. */
enum serve_code serve_refuse(struct serve_request *request, enum serve_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An array `key` of items from..count - 1 as far as they fit, and `next` when some did not. An item that does not even
 * fit alone is written by brief(). */
struct serve_list {
    const char *key; /* NULL: terse */
    size_t from, count;
    void (*item)(const void *user, size_t i, struct serve_out *out);
    void (*brief)(const void *user, size_t i, struct serve_out *out);
    const void *user;
};
/* If the row has pages, items that did not fit are kept for the requests of the next pages. */
void serve_list_write(struct serve_request *request, const struct serve_list *list, struct serve_out *out);
/* The items alone, as text. */
void serve_list_write_terse(struct serve_request *request, const struct serve_list *list, struct serve_out *out);

/* requests_tags.c */
serve_answer serve_tags, serve_tags_terse, serve_tags_senml;
/* requests_prompts.c */
serve_answer serve_prompts, serve_add, serve_set, serve_remove;
/* requests_replay.c */
serve_answer serve_replay;
/* requests_search.c */
serve_answer serve_search, serve_search_like;
/* requests_watch.c */
serve_answer serve_watch_begin, serve_watch_begin_terse, serve_watch_end, serve_events_last;

#endif
