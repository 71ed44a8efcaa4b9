/* bundle.h: what a device publishes so that others can begin a session with it, and the list of an
 * account's devices, as structs and as XML of both versions (XEP-0384 0.3.0 §4.1-4.3, 0.9 §5.3).
 *
 * Owns: nothing; lists and text live in the arena.  Threads: pure.
 * Errors: ERR_MALFORMED, ERR_TOO_BIG (more devices or prekeys than anybody has), ERR_DENIED
 * (signature).
 */
#ifndef SOTTO_OMEMO_BUNDLE_H
#define SOTTO_OMEMO_BUNDLE_H

#include "omemo/identity.h"
#include "omemo/prekey.h"
#include "xml/tree.h"

enum {
    BUNDLE_PREKEYS_MAX = 256,
    DEVICES_MAX = 128,
    DEVICE_LABEL_MAX = 256, /* octets */
};

struct bundle_prekey {
    uint32_t id;
    uint8_t key[OMEMO_KEY];
};

struct bundle {
    enum omemo version;
    uint8_t identity[OMEMO_KEY]; /* in the form of the version */
    uint32_t signed_id;
    uint8_t signed_key[OMEMO_KEY];
    uint8_t signature[OMEMO_SIGNATURE];
    const struct bundle_prekey *prekeys;
    size_t prekey_count;
};

/* Ours. The list is borrowed. */
void bundle_make(enum omemo version, const struct identity *self,
                 const struct prekey *signed_prekey, const struct bundle_prekey *prekeys,
                 size_t prekey_count, struct bundle *out);

/* The identity of a bundle whose signature fits. */
CHECKED enum err bundle_verify(const struct bundle *b, struct identity_key *out);

/* One by chance, so that two who begin at the same time rarely take the same; NULL if there is
 * none. */
const struct bundle_prekey *bundle_choose(const struct bundle *b, const struct random *random);

CHECKED enum err bundle_read(struct arena *a, const struct xml_node *node, struct bundle *out);
struct xml_node *bundle_write(struct arena *a, const struct bundle *b);

struct device_entry {
    uint32_t id;
    struct str label; /* OMEMO 2, may be empty; to be shown only if its signature fits */
    struct bytes label_signature;
};

struct device_list {
    enum omemo version;
    const struct device_entry *devices;
    size_t count;
};

CHECKED enum err device_list_read(struct arena *a, const struct xml_node *node,
                                  struct device_list *out);
struct xml_node *device_list_write(struct arena *a, const struct device_list *list);
bool device_list_has(const struct device_list *list, uint32_t id);

/* XEP-0384 0.9 §5.3.1: a label counts only if the device itself has signed it. */
void device_label_sign(struct arena *a, const struct identity *self, struct device_entry *entry);
bool device_label_is_signed(const struct device_entry *entry, const struct identity_key *by);

#endif
