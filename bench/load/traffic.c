/* traffic.c: messages between pairs. */
#include "bench/load/traffic.h"

#include <errno.h>
#include <string.h>

#include "bench/load/clock.h"
#include "bench/load/peek.h"

enum { ADDRESSES_MAX = 64 << 20 };

static bool needs_receipt(const struct traffic *t)
{
    return t->run->options->done != DONE_ACKED;
}

static bool needs_ack(const struct traffic *t)
{
    return t->run->options->done != DONE_RECEIVED;
}

uint32_t traffic_pair_done(const struct traffic *t, const struct pair *p)
{
    if (!needs_ack(t))
        return p->received;
    if (!needs_receipt(t))
        return p->acked;
    return p->received < p->acked ? p->received : p->acked;
}

uint64_t traffic_under_way(const struct traffic *t)
{
    return t->sent - t->done;
}

/* Receivers follow the senders in the fleet: member i sends to member n + i. */
static bool set_address(struct traffic *t, struct pair *p)
{
    const struct options *o = t->run->options;
    struct client *receiver = &p->receiver->client;
    size_t from = t->addresses.n;

    if (o->to == TO_FULL) {
        p->to = buf_str(&receiver->address);
    } else {
        buf_add(&t->addresses, str_from(receiver->user));
        buf_add_char(&t->addresses, '@');
        buf_add(&t->addresses, str_from(o->domain));
        p->to = str_skip(buf_str(&t->addresses), from);
    }
    if (message_fits(&t->maker, p->to))
        return true;
    return run_fail(t->run, RUN_BAD_USAGE,
                    "--size %zu is too small for an encrypted message to %.*s", t->maker.size,
                    STR_ARG(p->to));
}

bool traffic_init(struct traffic *t, struct run *r)
{
    const struct options *o = r->options;

    memset(t, 0, sizeof *t);
    t->run = r;
    t->record.fd = -1;
    t->n = (unsigned)o->pairs;
    t->pairs = mem_alloc(t->n * sizeof *t->pairs);
    t->from_ns = t->to_ns = UINT64_MAX;
    list_init(&t->touched);
    buf_init(&t->addresses, ADDRESSES_MAX);
    message_maker_init(&t->maker, o->size);
    if (o->to == TO_BARE && 2 * o->pairs > o->accounts)
        return run_fail(
            r, RUN_BAD_USAGE,
            "%llu pairs need %llu accounts (--count), or --to full: messages to an account "
            "reach all its sessions",
            (unsigned long long)o->pairs, 2 * (unsigned long long)o->pairs);
    if (oracle_open(&t->record, o->log) != ERR_NONE)
        return run_fail(r, RUN_BAD_USAGE, "--log: %s: %s", o->log, strerror(errno));
    if (!run_log_in(r, 0, 2u * t->n))
        return false;
    /* Room for all addresses at once, so that views into it stay where they are. */
    if (buf_extend(&t->addresses, t->n * (CLIENT_NAME_MAX + strlen(o->domain))) != NULL)
        buf_cut(&t->addresses, 0);
    for (unsigned i = 0; i < t->n; i++) {
        t->pairs[i].index = i;
        t->pairs[i].sender = &r->fleet.members[i];
        t->pairs[i].receiver = &r->fleet.members[t->n + i];
        if (!set_address(t, &t->pairs[i]))
            return false;
    }
    t->start_ns = t->progress_ns = clock_ns();
    return true;
}

void traffic_deinit(struct traffic *t)
{
    for (unsigned i = 0; i < t->n; i++)
        seen_deinit(&t->pairs[i].seen);
    mem_free(t->pairs);
    buf_deinit(&t->addresses);
    message_maker_deinit(&t->maker);
    oracle_close(&t->record);
}

static struct message_id id_of(const struct traffic *t, const struct pair *p, uint32_t number,
                               uint64_t meant_ns)
{
    return (struct message_id){ t->maker.run, p->index, number, meant_ns - t->start_ns };
}

void traffic_send(struct traffic *t, struct pair *p, uint64_t meant_ns)
{
    struct client *c = &p->sender->client;
    struct message_id id = id_of(t, p, p->sent, meant_ns);

    message_add(&t->maker, p->to, &id, &c->out);
    client_sent(c, meant_ns);
    p->sent++;
    t->sent++;
    if (c->counting && p->sent - p->asked >= t->run->options->ack_every) {
        client_request_ack(c);
        p->asked = p->sent;
    }
    fleet_queue(&t->run->fleet, p->sender);
}

static bool is_measured(const struct traffic *t, uint64_t meant_ns)
{
    return meant_ns >= t->from_ns && meant_ns < t->to_ns;
}

/* Something happened to a pair whose count of finished messages was `before`. */
static void touch(struct traffic *t, struct pair *p, uint32_t before)
{
    t->done += traffic_pair_done(t, p) - before;
    if (p->touched.next == NULL)
        list_add(&t->touched, &p->touched);
}

static void take_receipt(struct traffic *t, struct pair *p, const struct message_id *id,
                         struct str id_text)
{
    uint64_t meant_ns = t->start_ns + id->time_ns;
    uint32_t before = traffic_pair_done(t, p);

    if (!seen_add(&p->seen, id->number)) {
        t->duplicates++;
        return;
    }
    if (id->number != p->expected)
        t->reordered++;
    p->expected = id->number + 1;
    p->received++;
    t->received++;
    if (is_measured(t, meant_ns))
        histogram_add(&t->to_receipt, t->progress_ns - meant_ns);
    oracle_note(&t->record, 'R', p->receiver->client.user, id_text);
    touch(t, p, before);
}

static bool take_message(struct traffic *t, const struct fleet_event *event)
{
    struct str id_text = peek_attr(event->text, "id"), condition;
    struct message_id id;

    if (!message_id_read(id_text, &id) || id.run != t->maker.run || id.sender >= t->n) {
        t->foreign++; /* left over from another run, or the server's own */
        return true;
    }
    if (str_is(peek_attr(event->text, "type"), "error")) {
        condition = peek_condition(event->text);
        return run_fail(t->run, RUN_FAILED, "the server refused a message of %s@%s: %.*s",
                        event->member->client.user, t->run->options->domain, STR_ARG(condition));
    }
    if (event->member != t->pairs[id.sender].receiver || id.number >= t->pairs[id.sender].sent) {
        t->foreign++;
        return true;
    }
    take_receipt(t, &t->pairs[id.sender], &id, id_text);
    return true;
}

/* Acknowledgements come in the order of sending, so their count is the number. */
static void take_ack(struct traffic *t, const struct fleet_event *event)
{
    struct pair *p = &t->pairs[event->member->index];
    uint32_t before = traffic_pair_done(t, p);
    struct message_id id = id_of(t, p, p->acked, event->tag);
    char text[MESSAGE_ID_SIZE];

    message_id_write(&id, text);
    oracle_note(&t->record, 'A', event->member->client.user, (struct str){ text, sizeof text });
    p->acked++;
    t->acked++;
    if (is_measured(t, event->tag))
        histogram_add(&t->to_ack, t->progress_ns - event->tag);
    touch(t, p, before);
}

static bool take_event(struct traffic *t, const struct fleet_event *event)
{
    switch (event->kind) {
    case FLEET_MESSAGE: t->progress_ns = clock_ns(); return take_message(t, event);
    case FLEET_ACKED:
        t->progress_ns = clock_ns();
        take_ack(t, event);
        return true;
    case FLEET_LOST: return run_lost(t->run, event);
    default: return true;
    }
}

bool traffic_turn(struct traffic *t, uint64_t until_ns)
{
    struct fleet_event event;
    bool good = true;

    fleet_turn(&t->run->fleet, until_ns);
    while (good && fleet_next(&t->run->fleet, &event))
        good = take_event(t, &event);
    if (oracle_flush(&t->record) != ERR_NONE)
        return run_fail(t->run, RUN_FAILED, "--log: writing failed: %s", strerror(errno));
    return good;
}

static void ask_all(struct traffic *t)
{
    for (unsigned i = 0; i < t->n; i++) {
        struct pair *p = &t->pairs[i];

        if (!p->sender->client.counting || p->asked == p->sent)
            continue;
        client_request_ack(&p->sender->client);
        p->asked = p->sent;
        fleet_queue(&t->run->fleet, p->sender);
    }
}

/* Received by all, and acknowledged to all if acknowledgements are on. */
static bool all_settled(const struct traffic *t)
{
    return t->received >= t->sent && (!t->run->options->acks || t->acked >= t->sent);
}

bool traffic_drain(struct traffic *t)
{
    uint64_t patience = t->run->options->stall_s * NS_PER_SECOND;

    ask_all(t);
    t->progress_ns = clock_ns();
    while (!all_settled(t) && clock_ns() - t->progress_ns < patience)
        if (!traffic_turn(t, clock_ns() + 100 * NS_PER_MS))
            return false;
    if (t->received < t->sent)
        return run_fail(t->run, RUN_FAILED, "%llu messages never arrived",
                        (unsigned long long)(t->sent - t->received));
    if (!all_settled(t))
        return run_fail(t->run, RUN_FAILED, "%llu messages were never acknowledged",
                        (unsigned long long)(t->sent - t->acked));
    return true;
}

static json_t *counts_json(const struct traffic *t)
{
    return json_pack("{sI sI sI sI sI sI sI}", "sent", (json_int_t)t->sent, "received",
                     (json_int_t)t->received, "acknowledged", (json_int_t)t->acked, "lost",
                     (json_int_t)(t->sent - t->received), "duplicates", (json_int_t)t->duplicates,
                     "out_of_order", (json_int_t)t->reordered, "foreign", (json_int_t)t->foreign);
}

void traffic_report(struct traffic *t, const struct reading *from, const struct reading *to,
                    uint64_t measured)
{
    double seconds = (double)(to->ns - from->ns) / (double)NS_PER_SECOND;
    json_t *report = t->run->report, *generator = run_generator_json(from, to, measured, "message");

    json_object_set_new(report, "messages", json_integer((json_int_t)measured));
    json_object_set_new(report, "seconds", json_real(seconds));
    json_object_set_new(report, "messages_per_second", json_real((double)measured / seconds));
    json_object_set_new(report, "server", run_cost_json(t->run, from, to, measured, "message"));
    json_object_set_new(report, "receipt_latency_us", run_latency_json(&t->to_receipt));
    if (t->run->options->acks)
        json_object_set_new(report, "ack_latency_us", run_latency_json(&t->to_ack));
    json_object_set_new(report, "whole_run", counts_json(t));
    if (t->lag.total > 0)
        json_object_set_new(generator, "send_lag_us", run_latency_json(&t->lag));
    json_object_set_new(report, "generator", generator);
    json_object_set_new(report, "machine", run_machine_json(from, to));
}
