/* write_many.c: fills an archive: messages of one of our accounts to another, some under way at a time.
 * usage: write_many DIR CA HOST:PORT JID COUNT OCTETS
 *
 * DIR is the folder of `sotto login`. What the messages are sealed with (0.3 or OMEMO 2) is decided, as ever, by the device lists.
 */
#include <stdio.h>
#include <string.h>

#include "cli/account.h"
#include "client/chat.h"
#include "io/tls.h"

enum { UNDER_WAY = 64, OCTETS_MAX = 4096, COUNT_MAX = 10 * 1000 * 1000, PATIENCE_S = 600 };

struct writing {
    struct account account;
    struct jid to;
    struct str text;
    uint64_t left, under_way;
};

static void write_more(struct writing *w)
{
    struct engine *engine = session_engine(w->account.session);

    engine_now(engine, clock_wall_ms());
    for (; w->left > 0 && w->under_way < UNDER_WAY; w->left--, w->under_way++) {
        struct arena a = { 0 };
        struct str id;
        enum err e = engine_send_text(engine, &a, &w->to, w->text, &id);

        arena_deinit(&a);
        if (e != ERR_NONE) {
            account_end(&w->account, STATUS_FAILED);
            return;
        }
    }
    if (w->under_way == 0)
        account_end(&w->account, STATUS_DONE);
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct writing *w = ctx;

    if (e->kind == ENGINE_ENTRY && e->entry.kind == ENTRY_FAILED) {
        fprintf(stderr, "write_many: %.*s\n", STR_ARG(e->entry.text));
        account_end(&w->account, STATUS_FAILED);
    } else if (e->kind == ENGINE_ENTRY && e->entry.kind == ENTRY_SENT) {
        w->under_way--;
        write_more(w);
    }
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct writing *w = ctx;

    (void)distrusted;
    fprintf(stderr, "write_many: %.*s\n", STR_ARG(why));
    account_end(&w->account, STATUS_FAILED);
}

static void on_timeout(void *ctx)
{
    struct writing *w = ctx;

    fprintf(stderr, "write_many: %llu messages are not sent\n",
            (unsigned long long)(w->left + w->under_way));
    account_end(&w->account, STATUS_TIMEOUT);
}

static const struct session_handlers handlers = { .event = on_event, .lost = on_lost };

static int write_all(struct writing *w)
{
    struct account *a = &w->account;
    int status;

    if ((status = account_open(a)) != STATUS_DONE)
        return status;
    if ((status = account_begin(a, &handlers, w)) != STATUS_DONE)
        return status;
    if ((status = account_limit(a, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    write_more(w);
    return account_run(a);
}

int main(int argc, char **argv)
{
    struct program p = { .random = { tls_random, NULL } };
    struct writing w = { 0 };
    char text[OCTETS_MAX];
    uint64_t octets;
    int status = STATUS_USAGE;

    json_set_alloc_funcs(mem_alloc_raw, mem_free);
    memset(text, 'x', sizeof text);
    if (argc != 7 || jid_parse(&p.arena, str_from(argv[4]), &w.to) != ERR_NONE
        || str_to_u64(str_from(argv[5]), COUNT_MAX, &w.left) != ERR_NONE
        || str_to_u64(str_from(argv[6]), sizeof text, &octets) != ERR_NONE) {
        fprintf(stderr, "usage: write_many DIR CA HOST:PORT JID COUNT OCTETS\n");
        return status;
    }
    p.folder = argv[1];
    p.ca = argv[2];
    p.connect = argv[3];
    w.text = (struct str){ text, octets };
    account_init(&w.account, &p);
    status = write_all(&w);
    account_deinit(&w.account);
    arena_deinit(&p.arena);
    return status;
}
