/* acts.c: `sotto react`, `retract`, `read`, `timer`: what is said about messages without words. */
#include "cli/commands.h"
#include "cli/lasting.h"
#include "cli/sending.h"

static enum err react(struct sending *s, struct engine *engine)
{
    return engine_react(engine, &s->account.arena, &s->chat, s->message.id, s->text, &s->id);
}

int command_react(struct program *p)
{
    struct sending s = { .act = react, .about = p->arguments[1] };
    int status = sending_begin(&s, p, "react wants an address, the id of a message, and emojis");

    if (status != STATUS_DONE)
        return status;
    for (int i = 2; i < ARGUMENTS_MAX && p->arguments[i] != NULL; i++) {
        s.text = arena_concat(&p->arena, s.text, str_from(p->arguments[i]));
        s.text = arena_concat(&p->arena, s.text, STR(" "));
    }
    return sending_run(&s);
}

static enum err retract(struct sending *s, struct engine *engine)
{
    return engine_retract(engine, &s->account.arena, &s->chat, s->message.id, &s->id);
}

int command_retract(struct program *p)
{
    struct sending s = { .act = retract, .about = p->arguments[1], .own = true };
    int status = sending_begin(&s, p, "retract wants an address, and the id of a message");

    return status == STATUS_DONE ? sending_run(&s) : status;
}

/* What this device had when the command began: what comes meanwhile nobody has seen. Read before is read. */
static enum err read_all(struct sending *s, struct engine *engine)
{
    enum err e = engine_read(engine, &s->chat, STR_NONE);

    return e == ERR_MISSING ? ERR_NONE : e;
}

int command_read(struct program *p)
{
    struct sending s = { .act = read_all };
    int status = sending_begin(&s, p, "read wants an address such as alice@example.org");

    return status == STATUS_DONE ? sending_run(&s) : status;
}

static enum err set_timer(struct sending *s, struct engine *engine)
{
    uint32_t seconds;
    enum err e = lasting_read(s->text, &seconds);

    if (e != ERR_NONE)
        return e;
    return engine_set_timer(engine, &s->account.arena, &s->chat, seconds, &s->id);
}

int command_timer(struct program *p)
{
    struct sending s = { .act = set_timer, .text = str_from(p->arguments[1]) };
    uint32_t seconds;
    int status = sending_begin(&s, p, "timer wants an address, and a time such as 1d, or off");

    if (status != STATUS_DONE)
        return status;
    if (lasting_read(s.text, &seconds) == ERR_NONE)
        return sending_run(&s);
    account_deinit(&s.account);
    return program_fail(p, STATUS_USAGE, "usage",
                        STR("timer wants seconds, or 5m, 1h, 1d, 4w, ten years at most, or off"));
}
