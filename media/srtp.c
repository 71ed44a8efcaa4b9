/* srtp.c: sealing and opening of RTP and RTCP. */
#include "media/srtp.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"

enum { LABEL_RTP = 0, LABEL_RTCP = 3, RTCP_CLEAR = 8, RTCP_INDEX = 4 };
static const uint32_t rtcp_sealed = 1u << 31; /* the E flag */

/* ---- Keys ---- */

static EVP_CIPHER_CTX *counter_mode(const uint8_t key[SRTP_KEY])
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int ok = c != NULL && EVP_EncryptInit_ex(c, EVP_aes_128_ctr(), NULL, key, NULL) == 1;

    assert(ok);
    (void)ok;
    return c;
}

/* XORs the key stream that begins at `iv` onto the octets. */
static void apply(EVP_CIPHER_CTX *c, const uint8_t iv[16], uint8_t *p, size_t n)
{
    int done, ok;

    ok = EVP_EncryptInit_ex(c, NULL, NULL, NULL, iv) == 1
         && EVP_EncryptUpdate(c, p, &done, p, (int)n) == 1;
    assert(ok);
    (void)ok;
}

void srtp_derive(const uint8_t key[SRTP_KEY], const uint8_t salt[SRTP_SALT], uint8_t label,
                 uint8_t *out, size_t n)
{
    EVP_CIPHER_CTX *c = counter_mode(key);
    uint8_t iv[16] = { 0 };

    memcpy(iv, salt, SRTP_SALT);
    iv[7] ^= label; /* index / rate is 0: keys are derived once */
    memset(out, 0, n);
    apply(c, iv, out, n);
    EVP_CIPHER_CTX_free(c);
    secure_zero(iv, sizeof iv);
}

static void init_keys(struct srtp_keys *k, const uint8_t key[SRTP_KEY],
                      const uint8_t salt[SRTP_SALT], uint8_t label)
{
    uint8_t session[SRTP_KEY];

    srtp_derive(key, salt, label, session, sizeof session);
    srtp_derive(key, salt, label + 1, k->auth, sizeof k->auth);
    srtp_derive(key, salt, label + 2, k->salt, sizeof k->salt);
    k->cipher = counter_mode(session);
    secure_zero(session, sizeof session);
}

void srtp_init(struct srtp *s, const uint8_t key[SRTP_KEY], const uint8_t salt[SRTP_SALT])
{
    memset(s, 0, sizeof *s);
    init_keys(&s->rtp, key, salt, LABEL_RTP);
    init_keys(&s->rtcp, key, salt, LABEL_RTCP);
}

void srtp_deinit(struct srtp *s)
{
    EVP_CIPHER_CTX_free(s->rtp.cipher);
    EVP_CIPHER_CTX_free(s->rtcp.cipher);
    secure_zero(s, sizeof *s);
}

/* ---- What both have in common ---- */

static void put_u32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* RFC 3711 §4.1.1: (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16) */
static void crypt_packet(const struct srtp_keys *k, uint32_t ssrc, uint64_t index, uint8_t *p,
                         size_t n)
{
    uint8_t iv[16] = { 0 };

    memcpy(iv, k->salt, SRTP_SALT);
    for (int i = 0; i < 4; i++)
        iv[4 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
    for (int i = 0; i < 6; i++)
        iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
    apply(k->cipher, iv, p, n);
}

static void tag(const struct srtp_keys *k, const uint8_t *packet, size_t n, struct bytes more,
                uint8_t out[SRTP_TAG])
{
    uint8_t whole[20];

    hmac2(HASH_SHA1, bytes_of(k->auth, sizeof k->auth), bytes_of(packet, n), more, whole);
    memcpy(out, whole, SRTP_TAG);
}

static struct srtp_source *find_source(struct srtp *s, uint32_t ssrc)
{
    for (size_t i = 0; i < SRTP_SOURCES; i++)
        if (s->sources[i].used && s->sources[i].ssrc == ssrc)
            return &s->sources[i];
    return NULL;
}

/* A new one gets its place only once something of it has authenticated. */
static struct srtp_source *find_place(struct srtp *s)
{
    for (size_t i = 0; i < SRTP_SOURCES; i++)
        if (!s->sources[i].used)
            return &s->sources[i];
    return NULL;
}

static bool was_seen(uint64_t window, uint64_t highest, uint64_t index)
{
    uint64_t behind;

    if (index > highest)
        return false;
    behind = highest - index;
    return behind >= SRTP_WINDOW || (window >> behind & 1) != 0;
}

static uint64_t seen(uint64_t window, uint64_t highest, uint64_t index)
{
    if (index <= highest)
        return window | 1ULL << (highest - index);
    return (index - highest >= SRTP_WINDOW ? 0 : window << (index - highest)) | 1;
}

/* ---- RTP ---- */

/* RFC 3711 Appendix A: which roll-over counter a sequence number belongs to. */
static uint64_t guess_index(const struct srtp_source *source, uint16_t sequence)
{
    uint32_t roll_over = source->roll_over;

    if (!source->has_rtp)
        return sequence;
    if (source->highest < 0x8000) {
        if (sequence > source->highest + 0x8000 && roll_over > 0)
            roll_over--;
    } else if (sequence < source->highest - 0x8000)
        roll_over++;
    return (uint64_t)roll_over << 16 | sequence;
}

static uint64_t highest_index(const struct srtp_source *source)
{
    return (uint64_t)source->roll_over << 16 | source->highest;
}

static void note_rtp(struct srtp_source *source, uint64_t index)
{
    uint64_t highest = highest_index(source);

    if (!source->has_rtp)
        source->window = 1;
    else
        source->window = seen(source->window, highest, index);
    if (!source->has_rtp || index > highest) {
        source->highest = (uint16_t)index;
        source->roll_over = (uint32_t)(index >> 16);
    }
    source->has_rtp = true;
}

static void tag_rtp(const struct srtp *s, const uint8_t *packet, size_t n, uint64_t index,
                    uint8_t out[SRTP_TAG])
{
    uint8_t roll_over[4];

    put_u32(roll_over, (uint32_t)(index >> 16));
    tag(&s->rtp, packet, n, bytes_of(roll_over, sizeof roll_over), out);
}

enum err srtp_seal_rtp(struct srtp *s, uint8_t *packet, size_t *n)
{
    struct srtp_source *source;
    uint32_t ssrc;
    uint64_t index;

    if (*n < RTP_HEADER)
        return ERR_MALFORMED;
    ssrc = get_u32(packet + 8);
    source = find_source(s, ssrc);
    if (source == NULL && (source = find_place(s)) == NULL)
        return ERR_FULL;
    source->used = true;
    source->ssrc = ssrc;
    index = guess_index(source, (uint16_t)(packet[2] << 8 | packet[3]));
    note_rtp(source, index);
    /* What we send has neither CSRCs nor an extension: the header is what is always there. */
    crypt_packet(&s->rtp, ssrc, index, packet + RTP_HEADER, *n - RTP_HEADER);
    tag_rtp(s, packet, *n, index, packet + *n);
    *n += SRTP_TAG;
    return ERR_NONE;
}

enum err srtp_open_rtp(struct srtp *s, uint8_t *packet, size_t *n, struct rtp_header *out)
{
    struct srtp_source *source, fresh = { 0 };
    struct rtp_header h;
    uint8_t want[SRTP_TAG];
    uint64_t index;
    enum err e = rtp_read(bytes_of(packet, *n), &h);

    if (e != ERR_NONE)
        return e;
    if (*n < h.size + SRTP_TAG)
        return ERR_MALFORMED;
    source = find_source(s, h.ssrc);
    index = guess_index(source != NULL ? source : &fresh, h.sequence);
    if (source != NULL && source->has_rtp && was_seen(source->window, highest_index(source), index))
        return ERR_DENIED;
    tag_rtp(s, packet, *n - SRTP_TAG, index, want);
    if (!ct_equal(want, packet + *n - SRTP_TAG, SRTP_TAG))
        return ERR_DENIED;
    if (source == NULL && (source = find_place(s)) == NULL)
        return ERR_FULL;
    source->used = true;
    source->ssrc = h.ssrc;
    note_rtp(source, index);
    *n -= SRTP_TAG;
    crypt_packet(&s->rtp, h.ssrc, index, packet + h.size, *n - h.size);
    *out = h;
    return ERR_NONE;
}

/* ---- RTCP ---- */

enum err srtp_seal_rtcp(struct srtp *s, uint8_t *packet, size_t *n)
{
    struct srtp_source *source;
    uint32_t ssrc;

    if (*n < RTCP_CLEAR)
        return ERR_MALFORMED;
    ssrc = get_u32(packet + 4);
    source = find_source(s, ssrc);
    if (source == NULL && (source = find_place(s)) == NULL)
        return ERR_FULL;
    source->used = true;
    source->ssrc = ssrc;
    source->rtcp_index = (source->rtcp_index + 1) & ~rtcp_sealed;
    crypt_packet(&s->rtcp, ssrc, source->rtcp_index, packet + RTCP_CLEAR, *n - RTCP_CLEAR);
    put_u32(packet + *n, source->rtcp_index | rtcp_sealed);
    *n += RTCP_INDEX;
    tag(&s->rtcp, packet, *n, (struct bytes){ 0 }, packet + *n);
    *n += SRTP_TAG;
    return ERR_NONE;
}

enum err srtp_open_rtcp(struct srtp *s, uint8_t *packet, size_t *n)
{
    struct srtp_source *source;
    uint8_t want[SRTP_TAG];
    uint32_t ssrc, index;
    size_t left;

    if (*n < RTCP_CLEAR + RTCP_INDEX + SRTP_TAG)
        return ERR_MALFORMED;
    left = *n - SRTP_TAG;
    ssrc = get_u32(packet + 4);
    index = get_u32(packet + left - RTCP_INDEX);
    if ((index & rtcp_sealed) == 0)
        return ERR_MALFORMED; /* never in clear: RFC 3711 §3.4 */
    index &= ~rtcp_sealed;
    source = find_source(s, ssrc);
    if (source != NULL && source->has_rtcp
        && was_seen(source->rtcp_window, source->rtcp_index, index))
        return ERR_DENIED;
    tag(&s->rtcp, packet, left, (struct bytes){ 0 }, want);
    if (!ct_equal(want, packet + left, SRTP_TAG))
        return ERR_DENIED;
    if (source == NULL && (source = find_place(s)) == NULL)
        return ERR_FULL;
    source->used = true;
    source->ssrc = ssrc;
    source->rtcp_window =
        source->has_rtcp ? seen(source->rtcp_window, source->rtcp_index, index) : 1;
    if (!source->has_rtcp || index > source->rtcp_index)
        source->rtcp_index = index;
    source->has_rtcp = true;
    *n = left - RTCP_INDEX;
    crypt_packet(&s->rtcp, ssrc, index, packet + RTCP_CLEAR, *n - RTCP_CLEAR);
    return ERR_NONE;
}
