/* session.c: ask the server, show how far it is, report. */
#include "ctl/session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"

int session_fail(const struct session *s, int status, const char *code, const char *why)
{
    fprintf(stderr, "sottoctl: %s\n", why);
    if (s->json)
        session_answer(s, json_pack("{s:s,s:s}", "error", why, "code", code));
    return status;
}

int session_answer(const struct session *s, json_t *result)
{
    if (s->json) {
        json_dumpf(result, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
        putchar('\n');
    }
    json_decref(result);
    return STATUS_DONE;
}

void session_progress(uint64_t done, uint64_t total)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%llu of %llu ", (unsigned long long)done, (unsigned long long)total);
}

void session_progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\x1b[K");
}

static void show_progress(const json_t *progress)
{
    session_progress((uint64_t)json_integer_value(json_object_get(progress, "done")),
                     (uint64_t)json_integer_value(json_object_get(progress, "total")));
}

static int take_reply(const struct session *s, json_t *reply, json_t **out)
{
    const char *code = json_string_value(json_object_get(reply, "code"));
    const char *why = json_string_value(json_object_get(reply, "error"));
    int status = STATUS_DONE;

    if (json_is_true(json_object_get(reply, "ok")))
        *out = json_incref(json_object_get(reply, "result"));
    else if (code == NULL || why == NULL)
        status = session_fail(s, STATUS_FAILED, "io", "the server's answer is not understood");
    else
        status =
            session_fail(s, strcmp(code, "usage") == 0 ? STATUS_USAGE : STATUS_FAILED, code, why);
    json_decref(reply);
    return status;
}

int session_ask(struct session *s, json_t **out)
{
    struct client client;
    struct str why;
    json_t *reply = NULL;
    bool progressed = false;
    enum err e;

    if (client_open(s->socket, &client, &why, &s->arena) != ERR_NONE)
        return session_fail(s, STATUS_UNREACHABLE, "unreachable", why.p);
    e = client_send(&client, s->request);
    while (e == ERR_NONE && (e = client_receive(&client, &reply)) == ERR_NONE) {
        const json_t *progress = json_object_get(reply, "progress");

        if (progress == NULL)
            break;
        show_progress(progress);
        progressed = true;
        json_decref(reply);
    }
    client_close(&client);
    if (progressed)
        session_progress_end();
    if (e != ERR_NONE)
        return session_fail(s, STATUS_UNREACHABLE, "unreachable",
                            "the server ended before it answered");
    return take_reply(s, reply, out);
}
