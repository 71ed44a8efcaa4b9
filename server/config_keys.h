/* config_keys.h: the table of configuration keys: grammar, default and meaning of each, in one row.
 *
 * A row without `built` belongs to a feature that does not exist yet: its key takes any value,
 * --check says so, and no port is opened for it. Flip it with the commit that brings the feature.
 * Owns: constants.  Threads: constant.
 */
#ifndef SOTTO_SERVER_CONFIG_KEYS_H
#define SOTTO_SERVER_CONFIG_KEYS_H

#include "server/config.h"

enum key_type {
    KEY_WORD,      /* one of `words`; an enum */
    KEY_FLAGS,     /* any of `words`; unsigned, one bit per word in order */
    KEY_NUMBER,    /* min … max, or `zero_word` for 0; int64_t or uint64_t */
    KEY_SIZE,      /* a number that may carry KiB, MiB or GiB; uint64_t */
    KEY_RATE,      /* struct rate */
    KEY_TEXT,      /* struct str */
    KEY_PATH,      /* struct str, absolute or empty */
    KEY_LIST,      /* struct config_list; items separated by spaces; may be repeated */
    KEY_DOMAINS,   /* struct config_list of prepared domain names */
    KEY_ADDRESSES, /* struct config_list of HOST:PORT, [V6]:PORT */
    KEY_EXEMPT,    /* struct config_list of domains, addresses without resource, {namespace}name */
    KEY_SECRETS,   /* struct config_list of DOMAIN=SECRET */
    KEY_PLACES,    /* struct config_list of IP or IP=IP */
    KEY_PINS,      /* struct config_list of DOMAIN=HOST:PORT=SHA256 */
    KEY_NETWORKS,  /* struct cidr_list */
};

struct config_key {
    const char *section, *name;
    enum key_type type;
    size_t offset;        /* in struct config */
    const char *standard; /* the default, in the form the file takes */
    int64_t min, max;
    const char *zero_word;    /* KEY_NUMBER and KEY_SIZE: how 0 is written; NULL: it has no name */
    const char *const *words; /* NULL-terminated */
    bool (*allows)(struct str value); /* KEY_TEXT, KEY_NUMBER: further grammar; NULL: any */
    const char *allowed;              /* what the message after a bad value says */
    const char *about;                /* one or two sentences for the manual */
    bool built;
    bool live; /* SIGHUP is enough to change it */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* Index into config_keys, or config_key_count. */
size_t config_key_find(struct str section, struct str name);

#endif
