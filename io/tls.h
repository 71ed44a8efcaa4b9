/* tls.h: TLS contexts: TLS 1.2+, 1.3 preferred, no compression, no renegotiation, few tickets.
 *
 * A context is counted, so that a hot reload leaves running connections on the old certificate.
 * Owns: key and certificate.  Threads: tls_context_ref/unref are atomic; a context never changes.
 */
#ifndef SOTTO_IO_TLS_H
#define SOTTO_IO_TLS_H

#include "base/arena.h"

struct tls_context;

/* ALPN: space separated protocol names the listener speaks, "" for none ("xmpp-client", "http/1.1").
 * `why` gets one sentence for the operator on failure. ERR_CONFLICT: the key cannot be read, or is of another certificate. */
CHECKED enum err tls_context_new(const char *certificate_path, const char *key_path,
                                 const char *alpn, struct tls_context **out, struct str *why,
                                 struct arena *why_arena);
/* Whether a listener could use them, with the same errors. */
CHECKED enum err tls_pair_check(const char *certificate_path, const char *key_path, struct str *why,
                                struct arena *why_arena);
/* For connections of ours: the server's certificate has to be signed, over however many steps, by one in the file
 * `ca_path` (which may be the certificate itself), or that the system trusts if it is NULL. `alpn`: what is asked for. */
CHECKED enum err tls_context_new_client(const char *ca_path, const char *alpn,
                                        struct tls_context **out, struct str *why,
                                        struct arena *why_arena);
/* For both ends of a connection between two that know each other: TLS 1.3, each shows a certificate, and the other's has to have one of these
 * SHA-256 hashes (of its DER form). Nothing else of it counts: no names, no authorities, no dates. */
struct tls_pin {
    uint8_t sha256[32];
};
CHECKED enum err tls_context_new_pinned(const char *certificate_path, const char *key_path,
                                        const char *alpn, const struct tls_pin *pins, size_t count,
                                        struct tls_context **out, struct str *why,
                                        struct arena *why_arena);
/* The file of all authorities that this system trusts, which can be read before a sandbox closes; NULL: there is none. Lives in
 * the environment, or is static. */
const char *tls_system_authorities(void);
struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context *c);

/* Writes a self-signed P-256 certificate with the names as dNSName (addresses as iPAddress), 10 years. */
CHECKED enum err tls_make_self_signed(const char *certificate_path, const char *key_path,
                                      const struct str *names, size_t count, struct str *why,
                                      struct arena *why_arena);
/* When the certificate ends, ms since the epoch, and whether `name` is among its names; for `check`. */
CHECKED enum err tls_certificate_info(const char *certificate_path, struct str name,
                                      uint64_t *out_not_after_ms, bool *out_has_name);
/* Whether the machine's own list of authorities leads to the first certificate of the file, by way of the others in it:
 * NULL, or why not, as a static sentence. One that is its own authority is "self-signed certificate". */
const char *tls_certificate_doubt(const char *certificate_path);
void tls_random(void *ctx, uint8_t *out,
                size_t n); /* struct random's fill: the system's generator */

#endif
