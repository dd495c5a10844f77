/* SPDX-License-Identifier: Apache-2.0
 * ocelli.ini: the tags (tag/tags_file.h) with [run], [source], [memory], [moderation], [serve], [web] and [mqtt] beside
 * them. docs/run.md tells the keys. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "source/source.h"
#include "tag/tags_file.h"

enum { CONFIG_KEYS = 59 };

struct daemon_config {
    struct arena arena; /* the strings below */
    struct tags_file tags;
    const char *path; /* of the file */
    /* [run] */
    const char *model, *device, *state, *thermal, *on_change, *faults; /* NULL: not given */
    double threads;                                                    /* of the processor; 0: not given */
    double rate;                                                       /* pictures a second at most; 0: no cap */
    double motion;                   /* percent of a picture that must differ; 0: each is looked at */
    double look_every;               /* seconds after which a still one is looked at too */
    double hot;                      /* degrees Celsius from which it slows down */
    double save_every, status_every; /* seconds; 0: never */
    /* [source] */
    const char *uri; /* what it names is relative as all files are; of an address, without what is secret */
    const char *source_user, *source_password, *source_ca; /* NULL: not given */
    const char *format, *orientation;                      /* orientation: exif or ignore */
    const char *clock;                                     /* live or recording */
    double rotation, every, width, height, source_rate, exposure_us, gain, exposure_value;
    struct source_options source; /* of these */
    /* [serve]: for runtime/serve, which this folder does not know */
    const char *serial, *address, *psk, *reach; /* NULL: not given */
    double udp, coap, coaps;                    /* ports; 0: not served */
    double requests;                            /* a second of an address; 0: no limit */
    /* [web] */
    double web_port, web_https;                                                    /* port 0: not served */
    const char *web_address, *web_password, *web_certificate, *web_key, *web_host; /* NULL: not given */
    /* [mqtt]: likewise */
    const char *mqtt_host, *mqtt_user, *mqtt_password, *mqtt_prefix, *mqtt_discovery, *mqtt_ca; /* NULL: not given */
    double mqtt_port, mqtt_tls, mqtt_images, mqtt_commands;                                     /* port 0: not given */
    double mqtt_every; /* seconds between two scores of a tag */
    /* [memory] */
    const char *memory_file;            /* of the history; NULL: none */
    double memory_budget, memory_every; /* MB; seconds between kept pictures, 0: each */
    double memory_thumbnails;           /* 1: of each kept picture too */
    /* [moderation] */
    const char *policy;       /* a policy file; NULL: none */
    size_t line[CONFIG_KEYS]; /* that gave each key; 0: none */
};

/* Reads and checks all of it. Names of files are made relative to the folder of `path`, which is kept, not copied.
 * Errors: FILE (each fault with its line), LIMIT, MEMORY; *config is then empty. Free with config_finish(). */
int config_parse(struct daemon_config *config, const void *bytes, size_t size, const char *path);
/* The same to the end of the file: each fault is logged and counted in *faults (NULL: as config_parse()). OCELLI_OK:
 * *config holds what was good, and is good when none was counted. Errors: MEMORY, FILE (no text file at all, as
 * logged). */
int config_parse_all(struct daemon_config *config, const void *bytes, size_t size, const char *path,
                     struct faults *faults);
void config_finish(struct daemon_config *config);
/* config_parse()'s own: what no single line shows; makes the source's options and place. Errors: FILE, unless `faults`
 * takes them; MEMORY. */
int config_check(struct daemon_config *config, struct faults *faults);
/* Checks what a start needs beside a good file, before it opens anything: a source that this program can have, and a
 * model. model: the one of the command line, or NULL. Errors: DEVICE, FILE, unless `faults` takes them. */
int config_check_start(const struct daemon_config *config, const char *model, struct faults *faults);
/* Plays the recording `uri` in the place of the source that the file names; as given, not relative to the file. Kept,
 * not copied. NULL: changes nothing. */
void config_play(struct daemon_config *config, const char *uri);
/* Whether this program can have such a source at all: before it counts, as waiting would not help. Errors: DEVICE. */
int config_check_source(const struct daemon_config *config);
/* Texts are UTF-8, which the tokenizer would refuse too, but knows neither file nor line; and without control
 * characters, which an event or an answer would have to carry. Errors: FILE, unless `faults` takes it. */
int config_check_texts(const struct tags_file *file, const char *path, struct faults *faults);
/* The line that gave `name` in [section]; 0: none did. */
size_t config_line(const struct daemon_config *config, const char *section, const char *name);
/* The first key of [section], in the order of docs/run.md, that a line gave; NULL: none did. */
const char *config_first_key(const struct daemon_config *config, const char *section);
/* Two texts of a config, NULL being none. */
bool config_same_text(const char *a, const char *b);
/* To edit tags in such a file (tag/tags_edit.h): its other sections are passed over, config_parse() checks them. */
extern const struct tags_file_options config_passed_over;

#endif
