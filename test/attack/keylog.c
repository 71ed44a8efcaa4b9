/* keylog.c: for tests alone, put under our client by LD_PRELOAD: writes the secrets of its TLS to the file that SOTTO_KEYLOG names, in
 * the form that Wireshark reads, so that what the wire carried can be opened. The client itself has no such switch, and gets none.
 */
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method);

static void keep(const SSL *ssl, const char *line)
{
    const char *path = getenv("SOTTO_KEYLOG");
    FILE *file = path != NULL ? fopen(path, "a") : NULL;

    (void)ssl;
    if (file == NULL)
        return;
    fprintf(file, "%s\n", line);
    fclose(file);
}

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
    SSL_CTX *(*real)(const SSL_METHOD *) =
        (SSL_CTX * (*)(const SSL_METHOD *)) dlsym(RTLD_NEXT, "SSL_CTX_new");
    SSL_CTX *made = real != NULL ? real(method) : NULL;

    if (made != NULL)
        SSL_CTX_set_keylog_callback(made, keep);
    return made;
}
