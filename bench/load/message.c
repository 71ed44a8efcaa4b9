/* message.c: OMEMO-shaped stanzas of an exact size. */
#include "bench/load/message.h"

#include <assert.h>
#include <openssl/rand.h>
#include <string.h>

enum {
    POOL_SIZE = 1 << 16,
    KEY_SIZE = 132, /* base64 of a 99-byte SignalMessage: ratchet key, counters, 48 bytes, MAC */
    IV_SIZE = 16,   /* base64 of 12 bytes */
    GROUP = 4,      /* base64 comes in groups of four */
};

/* Two devices: the recipient's, and the sender's other one. */
#define PART_ID      "' type='chat' id='"
#define PART_SID     "'><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1852030"
#define PART_KEY_1   "'><key rid='1219704411'>"
#define PART_KEY_2   "</key><key rid='1852030178'>"
#define PART_IV      "</key><iv>"
#define PART_PAYLOAD "</iv></header><payload>"
#define PART_END                                                                                   \
    "</payload></encrypted><encryption xmlns='urn:xmpp:eme:0' name='OMEMO' "                       \
    "namespace='eu.siacs.conversations.axolotl'/><store xmlns='urn:xmpp:hints'/></message>"
#define PART_TO "<message to='"

enum {
    FIXED_SIZE =
        sizeof(PART_TO PART_ID PART_SID PART_KEY_1 PART_KEY_2 PART_IV PART_PAYLOAD PART_END) - 1
        + MESSAGE_ID_SIZE + 2 * KEY_SIZE + IV_SIZE,
};

static uint64_t next_random(struct message_maker *m)
{
    m->state ^= m->state << 13; /* xorshift64: spread is all that is asked of it */
    m->state ^= m->state >> 7;
    m->state ^= m->state << 17;
    return m->state;
}

void message_maker_init(struct message_maker *m, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    *m = (struct message_maker){ .size = size, .pool = mem_alloc_raw(POOL_SIZE) };
    if (RAND_bytes((uint8_t *)&m->run, sizeof m->run) != 1
        || RAND_bytes((uint8_t *)&m->state, sizeof m->state) != 1
        || RAND_bytes((uint8_t *)m->pool, POOL_SIZE) != 1)
        assert(!"the system has no randomness");
    m->state |= 1; /* zero is xorshift's fixed point */
    for (size_t i = 0; i < POOL_SIZE; i++)
        m->pool[i] = digits[(uint8_t)m->pool[i] % 64];
}

void message_maker_deinit(struct message_maker *m)
{
    mem_free(m->pool);
    m->pool = NULL;
}

static void add_random(struct message_maker *m, size_t n, struct buf *out)
{
    size_t from = next_random(m) % (POOL_SIZE - n);

    buf_add(out, (struct str){ m->pool + from, n });
}

static void put_hex(char *out, uint64_t value, unsigned digits)
{
    for (unsigned i = digits; i-- > 0; value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

void message_id_write(const struct message_id *id, char out[MESSAGE_ID_SIZE])
{
    put_hex(out, id->run, 8);
    put_hex(out + 9, id->sender, 4);
    put_hex(out + 14, id->number, 8);
    put_hex(out + 23, id->time_ns, 12);
    out[8] = out[13] = out[22] = '-';
}

static bool take_hex(const char *in, unsigned digits, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < digits; i++) {
        char c = in[i];

        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *out = value;
    return true;
}

bool message_id_read(struct str text, struct message_id *out)
{
    uint64_t run, sender, number, time_ns;

    if (text.n != MESSAGE_ID_SIZE || text.p[8] != '-' || text.p[13] != '-' || text.p[22] != '-')
        return false;
    if (!take_hex(text.p, 8, &run) || !take_hex(text.p + 9, 4, &sender)
        || !take_hex(text.p + 14, 8, &number) || !take_hex(text.p + 23, 12, &time_ns))
        return false;
    *out = (struct message_id){ (uint32_t)run, (uint32_t)sender, (uint32_t)number, time_ns };
    return true;
}

bool message_fits(const struct message_maker *m, struct str to)
{
    return m->size > FIXED_SIZE + GROUP && m->size - FIXED_SIZE - GROUP > to.n;
}

void message_add(struct message_maker *m, struct str to, const struct message_id *id,
                 struct buf *out)
{
    size_t left = m->size - FIXED_SIZE - to.n;
    char text[MESSAGE_ID_SIZE];

    assert(message_fits(m, to));
    message_id_write(id, text);
    buf_add(out, STR(PART_TO));
    buf_add(out, to);
    buf_add(out, STR(PART_ID));
    buf_add(out, (struct str){ text, sizeof text });
    buf_add(out, STR(PART_SID));
    buf_add(out,
            str_slice(STR("177"), 0, left % GROUP)); /* fills the stanza up to its exact size */
    buf_add(out, STR(PART_KEY_1));
    add_random(m, KEY_SIZE, out);
    buf_add(out, STR(PART_KEY_2));
    add_random(m, KEY_SIZE, out);
    buf_add(out, STR(PART_IV));
    add_random(m, IV_SIZE, out);
    buf_add(out, STR(PART_PAYLOAD));
    add_random(m, left / GROUP * GROUP, out);
    buf_add(out, STR(PART_END));
}
