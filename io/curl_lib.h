/* curl_lib.h: libcurl, loaded when the first file is moved and not before: with it come some thirty libraries (Kerberos, LDAP, RTMP), five
 * megabytes and ten milliseconds that a program which exchanges messages has no use for.
 *
 * Owns: nothing; a library that is loaded stays.  Threads: any.
 */
#ifndef SOTTO_IO_CURL_LIB_H
#define SOTTO_IO_CURL_LIB_H

#include <curl/curl.h>
#include <stdbool.h>

/* Its functions under their own names without `curl_easy_` and `curl_slist_`. */
struct curl_lib {
    CURL *(*init)(void);
    void (*cleanup)(CURL *);
    CURLcode (*setopt)(CURL *, CURLoption, ...);
    CURLcode (*getinfo)(CURL *, CURLINFO, ...);
    CURLcode (*perform)(CURL *);
    const char *(*strerror)(CURLcode);
    struct curl_slist *(*append)(struct curl_slist *, const char *);
    void (*free_all)(struct curl_slist *);
};

bool curl_lib_load(struct curl_lib *out); /* false: it is not installed */

#endif
