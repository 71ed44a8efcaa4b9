/* control_events.c: from lines of the event file to an answer. */
#include "server/control_events.h"

#include "server/event_log.h"

struct question {
    struct event_question asked;
    struct control_call *call;
};

void control_events(struct control_call *call, struct event_log *log, struct inbox *inbox)
{
    const struct control_args *args = &call->args;
    unsigned type = args->type.n > 0 ? event_type_find(args->type) : EVENT_TYPES;
    struct question *q;

    if (args->type.n > 0 && type == EVENT_TYPES) {
        control_fail(call, "usage", STR("type: there is no such type of events"));
        return;
    }
    if (args->count > CONTROL_EVENTS_MAX) {
        control_fail(call, "usage", STR("count: a number from 1 to 10000"));
        return;
    }
    q = mem_alloc(sizeof *q);
    q->call = call;
    q->asked.inbox = inbox;
    q->asked.wait = args->wait;
    q->asked.query = (struct event_query){
        .after = args->after,
        .since_s = args->since_s,
        .type = type,
        .max = args->count > 0 ? (size_t)args->count : CONTROL_EVENTS_USUAL,
    };
    buf_init(&q->asked.lines, (size_t)CONTROL_EVENTS_MAX * (EVENT_LINE_MAX + 1));
    event_log_ask(log, &q->asked);
}

static json_t *array_of(struct str lines)
{
    json_t *array = json_array();

    while (lines.n > 0) {
        struct str line = str_split(&lines, '\n');

        json_array_append_new(array, json_loadb(line.p, line.n, 0, NULL));
    }
    return array;
}

void control_events_came(void *ctx, struct list *answers)
{
    (void)ctx;
    for (struct link *l; (l = list_pop(answers)) != NULL;) {
        struct question *q = LIST_ENTRY(l, struct question, asked.reply);

        if (q->asked.result == ERR_NONE)
            control_done(q->call, array_of(buf_str(&q->asked.lines)));
        else
            control_fail_err(q->call, q->asked.result, "the events could not be read");
        buf_deinit(&q->asked.lines);
        mem_free(q);
    }
}
