/* session_grant.c: the last step to a session that came by a grant (credential.h): its use is noted, if it is still there.
 *
 * A grant that is taken back ends the sessions of its account that came by it. One that was still logging in then is not
 * among them; but its note is written after the grant was removed, and fails. So nobody slips through.
 */
#include "server/auth.h"

struct use {
    struct write_set set;
    struct session *session; /* held */
    uint64_t newest;
};

/* If a message came meanwhile, what <bound/> is to say of the archive is old, and both are asked again. */
static void go_on(struct session *s, uint64_t newest)
{
    s->login->admitted = bind2_request(s->login) == NULL || newest == s->account->view.last_seq;
    if (!s->login->admitted)
        s->login->archive_asked = false;
    bind_complete(s);
}

static void noted(struct store_op *op)
{
    struct use *use = CONTAINER_OF(op, struct use, set.op);
    struct session *s = use->session;

    if (s->state == SESSION_BINDING) {
        if (op->result == ERR_NONE) {
            go_on(s, use->newest);
            session_resume_reading(s);
        } else if (op->result == ERR_MISSING)
            session_fail(s, STREAM_NOT_AUTHORIZED,
                         STR("This password was taken back, or came too late."));
        else
            session_fail(s, STREAM_INTERNAL_SERVER_ERROR,
                         STR("The server could not note that you are here. Please try again."));
    }
    arena_deinit(&op->arena);
    mem_free(use);
    session_release(s);
}

bool grant_admitted(struct session *s)
{
    struct use *use;
    struct arena *a;
    struct row *row;

    if (s->credential[0] == '\0' || s->login->admitted)
        return true;
    use = mem_alloc(sizeof *use);
    use->session = s;
    use->newest = s->account->view.last_seq;
    row = write_set_add(&use->set, ROW_GRANT_USED, s->account->view.account);
    a = &use->set.op.arena;
    row->device = (struct device_record){
        .resource = arena_str(a, str_from(s->credential)),
        .software = arena_str(a, s->login->software),
        .last_ms = s->home->now_ms,
        .auth = s->login->mechanism->name,
    };
    use->set.op.home = s->home->number;
    use->set.op.done = noted;
    session_hold(s);
    store_commit(s->home->store, &use->set);
    return false;
}
