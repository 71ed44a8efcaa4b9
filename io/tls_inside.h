/* tls_inside.h: what a connection needs of a TLS context.
 *
 * Owns: nothing beyond tls.h.
 */
#ifndef SOTTO_IO_TLS_INSIDE_H
#define SOTTO_IO_TLS_INSIDE_H

#include <openssl/ssl.h>

#include "io/tls.h"

SSL_CTX *tls_context_openssl(const struct tls_context *c);
/* Hash of the certificate as RFC 5929 §4.1 wants it for tls-server-end-point; n == 0: it defines none. */
struct bytes tls_context_end_point(const struct tls_context *c);
/* The same of any certificate, such as a server's; `out` has room for EVP_MAX_MD_SIZE. Returns its size. */
unsigned tls_end_point(X509 *certificate, uint8_t *out);
bool tls_certificate_hash(X509 *certificate,
                          uint8_t out[32]); /* SHA-256 of its DER form; false: there is none */
/* What a connection as client asks for, in wire form. */
struct bytes tls_context_alpn(const struct tls_context *c);

#endif
