/* send.c: `sotto send`: a message, an answer to one, or another text for one of ours. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/sending.h"

enum { TEXT_MAX = 64 * 1024 };

static const char usage[] = "send wants an address such as alice@example.org, and a text";

/* One line break at the end is the shell's. */
static bool read_text(struct arena *a, struct str *out)
{
    struct buf b;
    char piece[4096];
    size_t n;

    buf_init(&b, TEXT_MAX + 1);
    while (!b.failed && (n = fread(piece, 1, sizeof piece, stdin)) > 0)
        buf_add(&b, (struct str){ piece, n });
    *out = arena_str(a, buf_str(&b));
    if (str_ends(*out, STR("\n")))
        out->n--;
    n = b.failed || str_find(*out, '\0') < out->n ? 0 : out->n;
    buf_deinit(&b);
    return n > 0;
}

int command_send_reads(struct program *p)
{
    struct str text;

    if (p->arguments[1] != NULL)
        return STATUS_DONE;
    if (!read_text(&p->arena, &text))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("standard input is to be the message: some text, at most 64 KiB"));
    p->arguments[1] = arena_printf(&p->arena, "%.*s", STR_ARG(text)).p;
    return STATUS_DONE;
}

static enum err send(struct sending *s, struct engine *engine)
{
    return engine_send_text(engine, &s->account.arena, &s->chat, s->text, &s->id);
}

static enum err reply(struct sending *s, struct engine *engine)
{
    return engine_reply_quoting(engine, &s->account.arena, &s->chat, &s->message, s->text, &s->id);
}

static enum err correct(struct sending *s, struct engine *engine)
{
    return engine_correct(engine, &s->account.arena, &s->chat, s->message.id,
                          s->answered.id.n > 0 ? &s->answered : NULL, s->text, &s->id);
}

int command_send(struct program *p)
{
    struct sending s = { .act = p->reply != NULL     ? reply
                                : p->correct != NULL ? correct
                                                     : send,
                         .about = p->reply != NULL ? p->reply : p->correct,
                         .own = p->correct != NULL,
                         .text = str_from(p->arguments[1]) };
    int status;

    s.until_delivered = p->wait != NULL && strcmp(p->wait, "delivered") == 0;
    if (p->wait != NULL && !s.until_delivered && strcmp(p->wait, "sent") != 0)
        return program_fail(p, STATUS_USAGE, "usage", STR("--wait wants sent or delivered"));
    if (p->reply != NULL && p->correct != NULL)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("a correction is no reply: one of --reply and --correct"));
    status = sending_begin(&s, p, usage);
    return status == STATUS_DONE ? sending_run(&s) : status;
}
