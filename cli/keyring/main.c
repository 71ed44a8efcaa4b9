/* main.c: sotto-keyring: one key in the desktop's keyring (Secret Service, by libsecret), for sotto, which runs it.
 *
 *   sotto-keyring get NAME          the key on standard output
 *   sotto-keyring put NAME LABEL    the key from standard input; LABEL is what people see
 *   sotto-keyring clear NAME
 *
 * Keys are 64 hexadecimal digits. A program of its own keeps the desktop's libraries out of sotto, and lives for a moment.
 * Exit status: 0 done, 1 failed, 2 usage, 3 there is no such key, 4 the keyring stays locked, 5 there is no keyring; the same in
 * cli/keyring_helper.c.
 */
#include <libsecret/secret.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/undumped.h"

enum { DIGITS = 64 };
enum { STATUS_DONE, STATUS_FAILED, STATUS_USAGE, STATUS_MISSING, STATUS_LOCKED, STATUS_NONE };

static const SecretSchema schema = { .name = "im.sotto.Store",
                                     .flags = SECRET_SCHEMA_NONE,
                                     .attributes = { { "store", SECRET_SCHEMA_ATTRIBUTE_STRING },
                                                     { NULL, 0 } } };

static int failed(GError *error)
{
    int status = STATUS_FAILED;

    if (error == NULL)
        return STATUS_DONE;
    fprintf(stderr, "sotto-keyring: %s\n", error->message);
    if (g_error_matches(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED)
        || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        status = STATUS_LOCKED;
    else if (error->domain == G_DBUS_ERROR || error->domain == G_IO_ERROR
             || error->domain == G_SPAWN_ERROR)
        status = STATUS_NONE;
    g_error_free(error);
    return status;
}

/* Nothing is found in a keyring that stays locked, be it because nobody was there to open it. */
static bool is_locked(SecretService *service)
{
    SecretCollection *keyring = secret_collection_for_alias_sync(
        service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, NULL, NULL);
    bool locked = keyring != NULL && secret_collection_get_locked(keyring);

    g_clear_object(&keyring);
    return locked;
}

static int get(SecretService *service, const char *name)
{
    GError *error = NULL;
    char *key = secret_password_lookup_nonpageable_sync(&schema, NULL, &error, "store", name, NULL);

    if (error != NULL)
        return failed(error);
    if (key == NULL)
        return is_locked(service) ? STATUS_LOCKED : STATUS_MISSING;
    printf("%s\n", key);
    secret_password_free(key);
    return fflush(stdout) == 0 ? STATUS_DONE : STATUS_FAILED;
}

static int put(const char *name, const char *label)
{
    char key[DIGITS + 1] = { 0 };
    GError *error = NULL;
    size_t n = 0;
    ssize_t got;
    bool stored;

    while (n < DIGITS && (got = read(STDIN_FILENO, key + n, DIGITS - n)) > 0)
        n += (size_t)got;
    if (n != DIGITS || strspn(key, "0123456789abcdef") != DIGITS) {
        fprintf(stderr, "sotto-keyring: standard input is no key\n");
        return STATUS_USAGE;
    }
    stored = secret_password_store_sync(&schema, SECRET_COLLECTION_DEFAULT, label, key, NULL,
                                        &error, "store", name, NULL);
    explicit_bzero(key, sizeof key);
    return !stored && error == NULL ? STATUS_LOCKED : failed(error);
}

static int clear(const char *name)
{
    GError *error = NULL;

    (void)secret_password_clear_sync(&schema, NULL, &error, "store", name, NULL);
    return failed(error);
}

static int run(SecretService *service, int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "get") == 0)
        return get(service, argv[2]);
    if (argc == 4 && strcmp(argv[1], "put") == 0)
        return put(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "clear") == 0)
        return clear(argv[2]);
    return STATUS_USAGE;
}

/* Told apart before the desktop is asked, which may not be there. */
static bool is_command(int argc, char **argv)
{
    return (argc == 3 && (strcmp(argv[1], "get") == 0 || strcmp(argv[1], "clear") == 0))
           || (argc == 4 && strcmp(argv[1], "put") == 0);
}

static int usage(FILE *to, int status)
{
    fputs("sotto-keyring keeps the key of sotto's store in the desktop's keyring; sotto runs it.\n"
          "usage: sotto-keyring get NAME | put NAME LABEL | clear NAME\n"
          "       sotto-keyring --help | --version\n",
          to);
    return status;
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    SecretService *service;
    int status;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, STATUS_DONE);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("sotto-keyring " SOTTO_VERSION) == EOF;
    if (!is_command(argc, argv))
        return usage(stderr, STATUS_USAGE);
    undumped();
    service = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, &error);
    if (service == NULL) {
        status = failed(error);
        return status == STATUS_LOCKED ? STATUS_LOCKED : STATUS_NONE;
    }
    status = run(service, argc, argv);
    g_object_unref(service);
    return status;
}
