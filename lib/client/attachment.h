/* attachment.h: a file that travels beside a message: sealed once, lying at an address, its key in the message.
 *
 * Written and read in the two forms that clients know: for OMEMO 2 an element with everything about the file (XEP-0447, sealed as in
 * XEP-0448), for OMEMO 0.3, which carries nothing but text, an address with the key in it (XEP-0454). A file in the clear is none.
 *
 * Owns: nothing; texts are borrowed, or in the arena given.  Threads: pure.  Units: bytes, milliseconds.
 * Errors: ERR_MISSING: nothing of the kind is there; ERR_UNSUPPORTED: it is sealed in another way, or lies where we do not fetch from;
 * ERR_MALFORMED.
 */
#ifndef SOTTO_CLIENT_ATTACHMENT_H
#define SOTTO_CLIENT_ATTACHMENT_H

#include "base/buf.h"
#include "xml/tree.h"

enum {
    ATTACHMENT_KEY_MAX = 32,
    ATTACHMENT_IV_MAX = 16,
    ATTACHMENT_HASH = 32,
    ATTACHMENT_URL_MAX = 2048,
    ATTACHMENT_NAME_MAX = 120, /* leaves room for what a folder adds to names that are taken */
    ATTACHMENT_TYPE_MAX = 127, /* RFC 6838 §4.2 */
    ATTACHMENT_RECORD_MAX = 4096,
};

/* What one key and nonce of GCM may seal (NIST SP 800-38D §5.2.1.1). */
#define ATTACHMENT_SIZE_MAX (((uint64_t)1 << 36) - 32)

struct attachment {
    struct str url;        /* https, without a fragment; empty: not uploaded yet */
    struct str name;       /* fit for a folder; empty: none is known */
    struct str media_type; /* lower case; empty: unknown */
    bool has_size, has_hash, has_sealed_hash;
    bool is_voice;          /* to be heard where it stands, as one hears speech */
    uint64_t size;          /* of the file; its sealed form has GCM_TAG_SIZE more */
    uint8_t key_n, iv_n;    /* 16 or 32; 12 or 16 */
    uint32_t duration_ms;   /* 0: unknown */
    uint32_t width, height; /* 0: unknown */
    uint8_t key[ATTACHMENT_KEY_MAX], iv[ATTACHMENT_IV_MAX];
    uint8_t hash[ATTACHMENT_HASH], sealed_hash[ATTACHMENT_HASH]; /* SHA-256 */
};

/* For the store. */
void attachment_write(struct buf *out, const struct attachment *f);
CHECKED enum err attachment_read(struct bytes in, struct attachment *out); /* views of `in` */

/* All of a message's text: aesgcm://…#…, perhaps with a small picture on the next line, which is left alone. */
CHECKED enum err attachment_from_aesgcm(struct arena *a, struct str text, struct attachment *out);
struct str attachment_to_aesgcm(struct arena *a, const struct attachment *f);

/* <file-sharing/>. Reading takes the first source that is sealed in a way that we know; thumbnails are left alone. */
CHECKED enum err attachment_from_xml(struct arena *a, const struct xml_node *sharing,
                                     struct attachment *out);
void attachment_to_xml(struct arena *a, struct xml_node *parent, const struct attachment *f);

/* The one that a message's content carries, in whichever form. */
CHECKED enum err attachment_of_content(struct arena *a, const struct xml_node *content,
                                       struct attachment *out);
/* The same as a record, and *text, which is the content's, is emptied if it only stands for the file. ERR_MISSING as above. */
CHECKED enum err attachment_take(struct arena *a, const struct xml_node *content, struct str *text,
                                 struct str *out_record);
/* What carries it: <file-sharing/>, and the text that stands for it where that is unknown (XEP-0428). */
void attachment_to_content(struct arena *a, struct xml_node *content, const struct attachment *f);

/* The last part of a path, without what could deceive a reader or surprise a folder: separators, control characters, marks of direction,
 * a dot or hyphen at the beginning. May become empty. */
struct str attachment_clean_name(struct arena *a, struct str name);
/* What follows the last dot of a name, if it looks like an ending: a few letters and digits; lower case, without the dot. */
struct str attachment_ending(struct arena *a, struct str name);
/* Among the few types that everybody knows; empty: none of them. */
struct str attachment_type_of(struct str ending);

bool attachment_url_valid(struct str url); /* https, no fragment, no user, printable */
/* "media.example.org:5443" */
struct str attachment_place(const struct attachment *f);

#endif
