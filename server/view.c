/* view.c: the cached record of an account. */
#include "server/view.h"

#include <string.h>

/* An item and its texts are one allocation: a roster of a thousand contacts stays small. */
static struct str pack(char **at, struct str s)
{
    struct str packed = { *at, s.n };

    if (s.n > 0)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return packed;
}

void view_init(struct view *v, struct str bare, const uint64_t seed[2])
{
    *v = (struct view){ .bare = bare, .seed = { seed[0], seed[1] } };
    map_init(&v->roster, v->seed);
    map_init(&v->blocks, v->seed);
    map_init(&v->ringers, v->seed);
    map_init(&v->spent_tokens, v->seed);
    map_init(&v->pep_nodes, v->seed);
}

static void clear(struct map *m)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(m, &at, &slot);)
        mem_free(slot.value);
    map_deinit(m);
}

void view_deinit(struct view *v)
{
    clear(&v->roster);
    clear(&v->blocks);
    clear(&v->ringers);
    clear(&v->spent_tokens);
    clear(&v->pep_nodes);
    mem_free((char *)v->mam_prefs.p);
    mem_free((char *)v->avatar.p);
    mem_free(v->origins);
    mem_free(v->written);
    view_init(v, v->bare, (const uint64_t[2]){ v->seed[0], v->seed[1] });
}

static void put_item(struct view *v, const struct roster_item *from)
{
    size_t texts = from->jid.n + from->name.n + from->request.n;
    struct roster_item *item;
    struct str *groups;
    char *at;

    for (size_t i = 0; i < from->group_count; i++)
        texts += from->groups[i].n;
    item = mem_alloc_raw(sizeof *item + from->group_count * sizeof *groups + texts);
    groups = (struct str *)(item + 1);
    at = (char *)(groups + from->group_count);
    *item = *from;
    item->jid = pack(&at, from->jid);
    item->name = pack(&at, from->name);
    item->request = pack(&at, from->request);
    for (size_t i = 0; i < from->group_count; i++)
        groups[i] = pack(&at, from->groups[i]);
    item->groups = groups;
    mem_free(map_remove(&v->roster, item->jid));
    map_put(&v->roster, item->jid, item);
}

static void put_node(struct view *v, const struct pep_node *from)
{
    const struct pep_config *c = &from->config;
    struct pep_node *node =
        mem_alloc_raw(sizeof *node + from->name.n + c->title.n + c->type.n + c->groups.n);
    char *at = (char *)(node + 1);

    *node = *from;
    node->name = pack(&at, from->name);
    node->config.title = pack(&at, c->title);
    node->config.type = pack(&at, c->type);
    node->config.groups = pack(&at, c->groups);
    mem_free(map_remove(&v->pep_nodes, node->name));
    map_put(&v->pep_nodes, node->name, node);
}

static void put_jid(struct map *to, struct str jid)
{
    struct str *entry = mem_alloc_raw(sizeof *entry + jid.n);
    char *at = (char *)(entry + 1);

    *entry = pack(&at, jid);
    mem_free(map_remove(to, *entry));
    map_put(to, *entry, entry);
}

static void put_call_rule(struct view *v, const struct document_record *rule)
{
    if (rule->key.n > 0)
        put_jid(&v->ringers, rule->key);
    else if (str_to_u64(rule->value, UINT64_MAX, &v->calls_off_ms) != ERR_NONE)
        v->calls_off_ms = UINT64_MAX;
}

static void put_text(struct str *to, struct str text)
{
    char *copy = text.n > 0 ? mem_alloc_raw(text.n) : NULL;

    if (text.n > 0)
        memcpy(copy, text.p, text.n);
    mem_free((char *)to->p);
    *to = (struct str){ copy, text.n };
}

/* Our own people are written to whatever the device; of others a full address may be somebody in a room. */
static void put_written(struct view *v, struct str jid)
{
    struct str bare = str_slice(jid, 0, str_find(jid, '/')),
               domain = str_skip(v->bare, str_find(v->bare, '@'));

    view_wrote(v, str_ends(bare, domain) ? bare : jid);
}

void view_load(struct view *v, const struct account_record *record)
{
    view_deinit(v);
    v->account = record->id;
    v->created_ms = record->created_ms;
    v->roster_version = record->roster_version;
    v->cursor = record->cursor;
    v->last_seq = record->last_seq;
    for (size_t i = 0; i < record->roster_count; i++)
        put_item(v, &record->roster[i]);
    for (size_t i = 0; i < record->block_count; i++)
        put_jid(&v->blocks, record->blocks[i]);
    for (size_t i = 0; i < record->pep_count; i++)
        put_node(v, &record->pep_nodes[i]);
    for (size_t i = 0; i < record->origin_count; i++)
        view_repeats(v, record->origins[i]);
    for (size_t i = 0; i < record->written_count; i++)
        put_written(v, record->written[i]);
    for (size_t i = 0; i < record->call_rule_count; i++)
        put_call_rule(v, &record->call_rules[i]);
    for (size_t i = 0; i < record->spent_token_count; i++)
        put_jid(&v->spent_tokens, record->spent_tokens[i].key);
    put_text(&v->mam_prefs, record->mam_prefs);
    put_text(&v->avatar, record->avatar);
    v->has_pushes = record->has_pushes;
}

void view_reload(struct view *v, const struct account_record *record)
{
    struct view old = *v;

    v->origins = NULL;
    view_load(v, record);
    if (v->cursor < old.cursor)
        v->cursor = old.cursor;
    if (v->last_seq < old.last_seq)
        v->last_seq = old.last_seq;
    if (old.origins == NULL)
        return;
    mem_free(v->origins);
    v->origins = old.origins;
    v->origin_next = old.origin_next;
}

void view_apply(struct view *v, const struct row *row)
{
    if (row->account != v->account)
        return;
    switch (row->kind) {
    case ROW_ROSTER:
        v->roster_version = row->roster.version;
        put_item(v, &row->roster);
        break;
    case ROW_ROSTER_GONE:
        v->roster_version = row->roster.version;
        mem_free(map_remove(&v->roster, row->roster.jid));
        break;
    case ROW_BLOCK: put_jid(&v->blocks, row->block.jid); break;
    case ROW_BLOCK_GONE:
        if (row->block.jid.n == 0)
            clear(&v->blocks);
        else
            mem_free(map_remove(&v->blocks, row->block.jid));
        break;
    case ROW_PEP_NODE: put_node(v, &row->pep_node); break;
    case ROW_PEP_NODE_GONE: mem_free(map_remove(&v->pep_nodes, row->pep_node.name)); break;
    case ROW_DOCUMENT:
        if (row->document.kind == DOC_MAM_PREFS)
            put_text(&v->mam_prefs, row->document.value);
        else if (row->document.kind == DOC_AVATAR)
            put_text(&v->avatar, row->document.value);
        else if (row->document.kind == DOC_SPENT_TOKEN && row->document.value.n > 0)
            put_jid(&v->spent_tokens, row->document.key);
        else if (row->document.kind == DOC_SPENT_TOKEN)
            mem_free(map_remove(&v->spent_tokens, row->document.key));
        break;
    case ROW_PUSH: v->has_pushes = true; break;
    case ROW_CURSOR:
        if (row->entry.seq > v->cursor)
            v->cursor = row->entry.seq;
        break;
    default: break; /* what a view does not hold */
    }
}

const struct roster_item *view_contact(const struct view *v, struct str bare)
{
    return map_get(&v->roster, bare);
}

bool view_lets_ring(const struct view *v, struct str bare)
{
    return map_get(&v->ringers, bare) != NULL;
}

bool view_sees_us(const struct view *v, struct str bare)
{
    const struct roster_item *item = view_contact(v, bare);

    return item != NULL && (item->subscription == SUB_FROM || item->subscription == SUB_BOTH);
}

bool view_sees_them(const struct view *v, struct str bare)
{
    const struct roster_item *item = view_contact(v, bare);

    return item != NULL && (item->subscription == SUB_TO || item->subscription == SUB_BOTH);
}

bool blocks_cover(const struct map *blocks, const struct jid *j)
{
    struct arena a = { 0 };
    struct jid at_domain = { .domain = j->domain, .resource = j->resource };
    bool hit;

    if (blocks->n == 0)
        return false;
    hit = map_get(blocks, jid_text(&a, j)) != NULL || map_get(blocks, jid_bare_text(&a, j)) != NULL
          || map_get(blocks, jid_text(&a, &at_domain)) != NULL
          || map_get(blocks, j->domain) != NULL;
    arena_deinit(&a);
    return hit;
}

bool view_blocks(const struct view *v, const struct jid *j)
{
    return blocks_cover(&v->blocks, j);
}

bool view_blocks_text(const struct view *v, struct str jid)
{
    struct arena a = { 0 };
    struct jid j;
    bool hit = v->blocks.n > 0 && jid_parse(&a, jid, &j) == ERR_NONE && view_blocks(v, &j);

    arena_deinit(&a);
    return hit;
}

bool view_shows(const struct view *v, struct str bare)
{
    return view_sees_us(v, bare) && !view_blocks_text(v, bare);
}

bool view_watches(const struct view *v, struct str bare)
{
    return view_sees_them(v, bare) && !view_blocks_text(v, bare);
}

bool view_repeats(struct view *v, const uint8_t origin[16])
{
    if (v->origins == NULL)
        v->origins = mem_alloc(RECENT_ORIGINS * sizeof *v->origins);
    for (size_t i = 0; i < RECENT_ORIGINS; i++)
        if (memcmp(v->origins[i], origin, sizeof v->origins[i]) == 0)
            return true;
    memcpy(v->origins[v->origin_next], origin, sizeof v->origins[0]);
    v->origin_next = (v->origin_next + 1) % RECENT_ORIGINS;
    return false;
}

static uint64_t correspondent(const struct view *v, struct str bare)
{
    return map_hash(v->seed, bare) | 1; /* never 0: an empty place */
}

bool view_has_written(const struct view *v, struct str bare)
{
    uint64_t hash = correspondent(v, bare);

    for (size_t i = 0; v->written != NULL && i < CORRESPONDENTS; i++)
        if (v->written[i] == hash)
            return true;
    return false;
}

void view_wrote(struct view *v, struct str bare)
{
    if (view_has_written(v, bare))
        return;
    if (v->written == NULL)
        v->written = mem_alloc(CORRESPONDENTS * sizeof *v->written);
    v->written[v->written_next] = correspondent(v, bare);
    v->written_next = (v->written_next + 1) % CORRESPONDENTS;
}

void view_forget_origin(struct view *v, const uint8_t origin[16])
{
    for (size_t i = 0; v->origins != NULL && i < RECENT_ORIGINS; i++)
        if (memcmp(v->origins[i], origin, sizeof v->origins[i]) == 0)
            memset(v->origins[i], 0, sizeof v->origins[i]);
}
