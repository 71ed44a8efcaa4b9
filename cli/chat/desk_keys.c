/* desk_keys.c: the keys of others' devices, between the engine and the pages about them. */
#include "cli/chat/desk_inside.h"

#include <string.h>

#include "client/access.h"
#include "client/ours.h"
#include "omemo/identity.h"

enum { ASK_AGAIN_MS = 700, DEVICES_SHOWN = 256, LOGINS_SHOWN = 64 };

static struct str fingerprint_of(struct arena *a, const struct engine_key_info *k)
{
    struct identity_key key = { 0 };

    memcpy(key.curve, k->curve, sizeof k->curve);
    return identity_fingerprint(a, &key);
}

void desk_tally(struct desk *d)
{
    struct model *m = &d->model;
    struct engine_key_info k;

    model_forget_keys(m);
    for (size_t cursor = 0; engine_next_key(desk_engine(d), &cursor, &k);)
        model_count_key(m, k.account, k.trust, k.met_ms);
    for (size_t cursor = 0; engine_next_key(desk_engine(d), &cursor, &k);) {
        struct arena a = { 0 };

        if (model_wants_device(m, k.account, k.met_ms))
            model_tell_device(m, k.account, fingerprint_of(&a, &k), k.met_ms);
        arena_deinit(&a);
    }
}

static size_t collect_devices(struct desk *d, struct arena *a, struct str jid,
                              struct device_view *out)
{
    struct engine_key_info k;
    size_t n = 0;

    for (size_t cursor = 0; n < DEVICES_SHOWN && engine_next_key(desk_engine(d), &cursor, &k);)
        if (str_eq(k.account, jid))
            out[n++] = (struct device_view){ fingerprint_of(a, &k), k.trust, k.device, k.met_ms };
    return n;
}

/* Those that were met, then those that are only listed: they get nothing yet. */
static void collect_own(struct desk *d, struct arena *a, struct keys_view *view)
{
    struct device_view *out = arena_alloc(a, DEVICES_SHOWN * sizeof *out);
    const struct own_device *listed;
    size_t count = engine_own_devices(desk_engine(d), a, &listed);

    view->self.fingerprint = engine_fingerprint(desk_engine(d), a, &view->self.id);
    view->own = out;
    view->own_count = collect_devices(d, a, d->account.bare, out);
    for (size_t i = 0; i < count && view->own_count < DEVICES_SHOWN; i++)
        if (!listed[i].is_this && listed[i].fingerprint.n == 0)
            out[view->own_count++] = (struct device_view){ .id = listed[i].id };
}

static void collect_logins(struct desk *d, struct arena *a, struct keys_view *view)
{
    struct login_view *out = arena_alloc(a, LOGINS_SHOWN * sizeof *out);
    struct access_info x;

    view->logins = out;
    for (size_t cursor = 0;
         view->login_count < LOGINS_SHOWN && engine_next_access(desk_engine(d), &cursor, &x);)
        out[view->login_count++] =
            (struct login_view){ x.name.n > 0 ? x.name : x.software, x.connected, x.last_ms };
}

/* What the person compares has to be what is verified afterwards. */
static void compare(struct desk *d, const struct jid *who, struct str bare)
{
    struct comparison found = { .state = COMPARE_NOTHING };

    arena_deinit(&d->comparing);
    d->compared = arena_str(&d->comparing, bare);
    if (engine_compare(desk_engine(d), &d->comparing, who, &found) != ERR_NONE)
        found = (struct comparison){ .state = COMPARE_NOTHING };
    d->seen = found;
    if (found.state == COMPARE_WAITS)
        timer_start(d->ask_again, ASK_AGAIN_MS);
}

void desk_tell_keys(struct desk *d, struct str bare)
{
    struct arena a = { 0 };
    struct device_view *devices = arena_alloc(&a, DEVICES_SHOWN * sizeof *devices);
    struct keys_view view = { .devices = devices };
    struct jid jid;

    desk_tally(d);
    if (jid_parse(&a, bare, &jid) == ERR_NONE && d->model.panel.kind != PANEL_NONE) {
        if (str_eq(bare, d->account.bare)) {
            collect_logins(d, &a, &view);
        } else {
            compare(d, &jid, bare);
            view.count = collect_devices(d, &a, bare, devices);
            view.comparison = &d->seen;
        }
        collect_own(d, &a, &view);
        view.code = engine_code(desk_engine(d), &a);
        model_set_keys(&d->model, bare, &view);
    }
    arena_deinit(&a);
}

void desk_keys_changed(struct desk *d)
{
    struct arena a = { 0 };

    if (d->model.panel.kind == PANEL_KEYS)
        desk_tell_keys(d, arena_str(&a, d->model.panel.chat)); /* it is the page's */
    else
        desk_tally(d);
    arena_deinit(&a);
}

void desk_ask_keys(struct desk *d, struct str bare)
{
    struct arena a = { 0 };
    struct jid who;

    if (str_eq(bare, d->account.bare)) {
        if (d->model.connection == CONNECTION_ONLINE)
            engine_ask_access(desk_engine(d));
    } else if (jid_parse(&a, bare, &who) == ERR_NONE) {
        engine_compare_anew(desk_engine(d), &who);
    }
    arena_deinit(&a);
}

void desk_ask_again(void *ctx)
{
    struct desk *d = ctx;
    struct arena a = { 0 };

    if (d->model.panel.kind == PANEL_KEYS) {
        engine_now(desk_engine(d), clock_wall_ms());
        desk_tell_keys(d, arena_str(&a, d->model.panel.chat));
        desk_changed(d);
    }
    arena_deinit(&a);
}

void desk_decide(struct desk *d, const struct wish *w)
{
    if (engine_decide(desk_engine(d), w->chat, w->text, w->action) != ERR_NONE)
        model_notice(&d->model, true, STR("This device is not known any more"));
    desk_keys_changed(d); /* in the page of a chat one may decide about a device of our own */
}

void desk_match(struct desk *d, const struct wish *w, const struct jid *who)
{
    enum err e = ERR_MISSING;

    if (str_eq(d->compared, w->chat) && d->seen.state == COMPARE_READY)
        e = engine_matched(desk_engine(d), who, &d->seen);
    if (e == ERR_NONE)
        model_notice(&d->model, false, STR("Verified: new devices of theirs will wait for you"));
    else
        model_notice(&d->model, true,
                     e == ERR_MISSING ? STR("There is no safety number to compare yet")
                                      : STR("The number has changed meanwhile: compare again"));
    desk_tell_keys(d, w->chat);
}

void desk_scanned(struct desk *d, const struct wish *w, const struct jid *who)
{
    size_t count = 0;

    switch (engine_scanned(desk_engine(d), who, w->text, &count)) {
    case ERR_NONE: model_notice(&d->model, false, STR("The code fits: verified")); break;
    case ERR_CONFLICT:
        model_notice(&d->model, true,
                     STR("THE CODE DOES NOT FIT: it names another account or a device that was "
                         "never seen. Trust nothing until you know why"));
        break;
    default:
        model_notice(&d->model, true, STR("This is no such code: it begins with xmpp:"));
        break;
    }
    desk_tell_keys(d, w->chat);
}
