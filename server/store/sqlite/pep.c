/* pep.c: nodes of accounts and their items (XEP-0163), newest last. */
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

static int64_t node_find(struct db *db, int64_t account, struct str name)
{
    struct sql q =
        sql_of(db, SQL_PEP_NODE_FIND, "SELECT id FROM pep_node WHERE account = ? AND name = ?");
    int64_t id = 0;

    sql_put_i64(&q, account);
    sql_put_str(&q, name);
    while (sql_row(&q))
        id = sql_get_i64(&q);
    return id;
}

void pep_node_put(struct writer *w, int64_t account, struct row *row)
{
    const struct pep_config *c = &row->pep_node.config;
    struct sql q = sql_of(
        &w->db, SQL_PEP_NODE_PUT,
        "INSERT INTO pep_node (account, name, access, send_last, persist, deliver_payloads, "
        "notify_retract, notify_delete, publish_open, max_items, expire, title, type, groups) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (account, name) DO UPDATE SET access = excluded.access, "
        "send_last = excluded.send_last, persist = excluded.persist, "
        "deliver_payloads = excluded.deliver_payloads, notify_retract = excluded.notify_retract, "
        "notify_delete = excluded.notify_delete, publish_open = excluded.publish_open, "
        "max_items = excluded.max_items, expire = excluded.expire, title = excluded.title, "
        "type = excluded.type, groups = excluded.groups");

    sql_put_i64(&q, account);
    sql_put_str(&q, row->pep_node.name);
    sql_put_i64(&q, c->access);
    sql_put_i64(&q, c->send_last);
    sql_put_i64(&q, c->persist);
    sql_put_i64(&q, c->deliver_payloads);
    sql_put_i64(&q, c->notify_retract);
    sql_put_i64(&q, c->notify_delete);
    sql_put_i64(&q, c->publish_open);
    sql_put_u64(&q, c->max_items);
    sql_put_u64(&q, c->expire_s);
    sql_put_str(&q, c->title);
    sql_put_str(&q, c->type);
    sql_put_str(&q, c->groups);
    sql_run(&q);
}

static void items_clear(struct db *db, int64_t node)
{
    struct sql q = sql_of(db, SQL_PEP_ITEM_CLEAR, "DELETE FROM pep_item WHERE node = ?");

    sql_put_i64(&q, node);
    sql_run(&q);
}

void pep_node_gone(struct writer *w, int64_t account, struct row *row)
{
    int64_t node = node_find(&w->db, account, row->pep_node.name);
    struct sql q = sql_of(&w->db, SQL_PEP_NODE_REMOVE, "DELETE FROM pep_node WHERE id = ?");

    sql_put_i64(&q, node);
    sql_run(&q);
    items_clear(&w->db, node);
}

/* Keeps the newest `keep` items. */
static void items_trim(struct db *db, int64_t node, uint64_t keep)
{
    struct sql q;

    if (keep > INT64_MAX)
        return;
    q = sql_of(db, SQL_PEP_ITEM_TRIM,
               "DELETE FROM pep_item WHERE node = ?1 AND n <= "
               "(SELECT n FROM pep_item WHERE node = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)");
    sql_put_i64(&q, node);
    sql_put_u64(&q, keep);
    sql_run(&q);
}

/* Of all items that the account has once this one has taken its place and the oldest of its node have made room. */
static uint64_t bytes_after(struct db *db, int64_t account, int64_t node, const struct row *row)
{
    uint64_t keep = row->pep_item.keep_items, bytes = row->pep_item.item.payload.n;
    struct sql q =
        sql_of(db, SQL_PEP_BYTES,
               "SELECT coalesce((SELECT sum(length(i.payload)) FROM pep_node AS p CROSS JOIN "
               "pep_item AS i "
               "ON i.node = p.id WHERE p.account = ?1 AND p.id != ?2), 0) "
               "+ coalesce((SELECT sum(bytes) FROM (SELECT length(payload) AS bytes FROM pep_item "
               "WHERE node = ?2 AND id != ?3 ORDER BY n DESC LIMIT ?4)), 0)");

    sql_put_i64(&q, account);
    sql_put_i64(&q, node);
    sql_put_str(&q, row->pep_item.item.id);
    sql_put_u64(&q, keep > INT64_MAX ? INT64_MAX : keep > 0 ? keep - 1 : 0);
    while (sql_row(&q))
        bytes += sql_get_u64(&q);
    return bytes;
}

/* The payload is bound as octets: SQLite then knows its length without reading it.
 * An item that is published again becomes the newest: REPLACE gives it a new number. */
void pep_item_put(struct writer *w, int64_t account, struct row *row)
{
    const struct pep_item *item = &row->pep_item.item;
    int64_t node = node_find(&w->db, account, item->node);
    struct sql q;

    if (node == 0) {
        db_fail(&w->db, ERR_MISSING);
        return;
    }
    if (row->pep_item.max_bytes > 0
        && bytes_after(&w->db, account, node, row) > row->pep_item.max_bytes) {
        db_fail(&w->db, ERR_FULL);
        return;
    }
    q = sql_of(&w->db, SQL_PEP_ITEM_PUT,
               "INSERT OR REPLACE INTO pep_item (node, id, publisher, at, payload) VALUES (?, ?, "
               "?, ?, ?)");
    sql_put_i64(&q, node);
    sql_put_str(&q, item->id);
    sql_put_str(&q, item->publisher);
    sql_put_u64(&q, item->at_ms);
    sql_put_bytes(&q, bytes_of_str(item->payload));
    sql_run(&q);
    items_trim(&w->db, node, row->pep_item.keep_items);
}

void pep_item_gone(struct writer *w, int64_t account, struct row *row)
{
    struct sql q =
        sql_of(&w->db, SQL_PEP_ITEM_REMOVE, "DELETE FROM pep_item WHERE node = ? AND id = ?");

    sql_put_i64(&q, node_find(&w->db, account, row->pep_item.item.node));
    sql_put_str(&q, row->pep_item.item.id);
    sql_run(&q);
}

void pep_purge(struct writer *w, int64_t account, struct row *row)
{
    items_clear(&w->db, node_find(&w->db, account, row->pep_item.item.node));
}

void pep_nodes_load(struct db *db, struct arena *a, struct account_record *out)
{
    struct growing nodes = GROWING(a, struct pep_node);
    struct sql q = sql_of(
        db, SQL_PEP_NODE_LOAD,
        "SELECT name, access, send_last, persist, deliver_payloads, notify_retract, notify_delete, "
        "publish_open, max_items, expire, title, type, groups FROM pep_node WHERE account = ? "
        "ORDER BY name");

    sql_put_i64(&q, out->id);
    while (sql_row(&q)) {
        struct pep_node *node = growing_add(&nodes);
        struct pep_config *c = &node->config;

        node->name = sql_get_str(&q, a);
        c->access = (enum pep_access)sql_get_i64(&q);
        c->send_last = (enum pep_last)sql_get_i64(&q);
        c->persist = sql_get_bool(&q);
        c->deliver_payloads = sql_get_bool(&q);
        c->notify_retract = sql_get_bool(&q);
        c->notify_delete = sql_get_bool(&q);
        c->publish_open = sql_get_bool(&q);
        c->max_items = sql_get_u64(&q);
        c->expire_s = sql_get_u64(&q);
        c->title = sql_get_str(&q, a);
        c->type = sql_get_str(&q, a);
        c->groups = sql_get_str(&q, a);
    }
    out->pep_nodes = nodes.items;
    out->pep_count = nodes.n;
}

static void add_item(struct growing *items, struct sql *q, struct str node)
{
    struct pep_item *item = growing_add(items);

    item->node = node;
    item->id = sql_get_str(q, items->arena);
    item->publisher = sql_get_str(q, items->arena);
    item->at_ms = sql_get_u64(q);
    item->payload = sql_get_str(q, items->arena);
}

/* What is given in place of a bound that there is not. */
enum { FIRST_N = 0 };

/* The place of an item in its node's order; ERR_MISSING if it is not there. */
static int64_t place_of(struct db *db, int64_t node, struct str id)
{
    struct sql q =
        sql_of(db, SQL_PEP_ITEM_PLACE, "SELECT n FROM pep_item WHERE node = ? AND id = ?");
    int64_t n = 0;

    sql_put_i64(&q, node);
    sql_put_str(&q, id);
    while (sql_row(&q))
        n = sql_get_i64(&q);
    if (n == 0)
        db_fail(db, ERR_MISSING);
    return n;
}

/* Items up to this place are not shown any more: there are `shown` newer ones. */
static int64_t hidden_up_to(struct db *db, int64_t node, uint32_t shown)
{
    struct sql q = sql_of(db, SQL_PEP_ITEM_HIDDEN,
                          "SELECT n FROM pep_item WHERE node = ? ORDER BY n DESC LIMIT 1 OFFSET ?");
    int64_t n = FIRST_N;

    if (shown == 0)
        return FIRST_N;
    sql_put_i64(&q, node);
    sql_put_i64(&q, shown);
    while (sql_row(&q))
        n = sql_get_i64(&q);
    return n;
}

static uint64_t items_between(struct db *db, int64_t node, int64_t above, int64_t below)
{
    struct sql q = sql_of(db, SQL_PEP_ITEM_COUNT,
                          "SELECT count(*) FROM pep_item WHERE node = ? AND n > ? AND n < ?");
    uint64_t n = 0;

    sql_put_i64(&q, node);
    sql_put_i64(&q, above);
    sql_put_i64(&q, below);
    while (sql_row(&q))
        n = sql_get_u64(&q);
    return n;
}

/* One more is read than fits, and given back. */
static bool has_too_much(const struct store_query *query, const struct growing *items)
{
    const struct pep_item *item = items->items;
    uint64_t bytes = 0;

    for (size_t i = 0; i < items->n; i++)
        bytes += item[i].payload.n;
    return query->in.pep.max_bytes > 0 && items->n > 1 && bytes > query->in.pep.max_bytes;
}

static void turn_round(struct pep_item *items, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct pep_item swapped = items[i];

        items[i] = items[n - 1 - i];
        items[n - 1 - i] = swapped;
    }
}

static void items_page(struct db *db, int64_t node, int64_t above, int64_t below,
                       const struct store_query *query, struct growing *items)
{
    uint32_t max = query->in.pep.max;
    struct sql q =
        query->in.pep.oldest
            ? sql_of(db, SQL_PEP_ITEM_UP,
                     "SELECT id, publisher, at, payload FROM pep_item WHERE node = ? AND n > ? "
                     "AND n < ? ORDER BY n ASC LIMIT ?")
            : sql_of(db, SQL_PEP_ITEM_LIST,
                     "SELECT id, publisher, at, payload FROM pep_item WHERE node = ? AND n > ? "
                     "AND n < ? ORDER BY n DESC LIMIT ?");

    sql_put_i64(&q, node);
    sql_put_i64(&q, above);
    sql_put_i64(&q, below);
    sql_put_i64(&q, max ? (int64_t)max : -1);
    while (sql_row(&q)) {
        add_item(items, &q, query->in.pep.node);
        if (has_too_much(query, items)) {
            items->n--;
            sql_end(&q);
            break;
        }
    }
    if (query->in.pep.oldest)
        turn_round(items->items, items->n);
}

static void items_listed(struct db *db, int64_t node, struct store_query *query,
                         struct growing *items)
{
    int64_t hidden = hidden_up_to(db, node, query->in.pep.shown);
    int64_t above = query->in.pep.after.n > 0 ? place_of(db, node, query->in.pep.after) : hidden;
    int64_t below =
        query->in.pep.before.n > 0 ? place_of(db, node, query->in.pep.before) : INT64_MAX;
    const struct pep_item *oldest;

    if (db->error != ERR_NONE)
        return;
    if (!query->in.pep.only_count)
        items_page(db, node, above > hidden ? above : hidden, below, query, items);
    query->out.pep.total = items_between(db, node, hidden, INT64_MAX);
    if (items->n == 0)
        return;
    oldest = (const struct pep_item *)items->items + items->n - 1;
    query->out.pep.older = items_between(db, node, hidden, place_of(db, node, oldest->id));
}

static void items_named(struct db *db, int64_t node, struct store_query *query,
                        struct growing *items)
{
    for (size_t i = 0; i < query->in.pep.id_count; i++) {
        struct sql q =
            sql_of(db, SQL_PEP_ITEM_FIND,
                   "SELECT id, publisher, at, payload FROM pep_item WHERE node = ? AND id = ?");

        sql_put_i64(&q, node);
        sql_put_str(&q, query->in.pep.ids[i]);
        while (sql_row(&q))
            add_item(items, &q, query->in.pep.node);
        if (has_too_much(query, items)) {
            db_fail(db, ERR_TOO_BIG);
            return;
        }
    }
}

void pep_query(struct db *db, struct store_query *q)
{
    struct growing items = GROWING(&q->op.arena, struct pep_item);
    int64_t node = node_find(db, q->in.pep.account, q->in.pep.node);

    if (node == 0) {
        db_fail(db, ERR_MISSING);
        return;
    }
    if (q->in.pep.id_count > 0)
        items_named(db, node, q, &items);
    else
        items_listed(db, node, q, &items);
    q->out.pep.items = items.items;
    q->out.pep.count = items.n;
}
