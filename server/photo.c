/* photo.c: <x xmlns='vcard-temp:x:update'/>. */
#include "server/photo.h"

#include "xmpp/ns.h"

struct photo photo_of(const struct view *v)
{
    struct str type = v->avatar, id = str_split(&type, ' ');

    return type.p != NULL ? (struct photo){ id, type } : (struct photo){ STR_NONE, STR_NONE };
}

struct str photo_text(struct arena *a, struct photo p)
{
    return p.id.n > 0 ? arena_printf(a, "%.*s %.*s", STR_ARG(p.id), STR_ARG(p.type)) : STR("-");
}

static bool may_read(const struct view *v, const char *name, bool contact)
{
    const struct pep_node *node = map_get(&v->pep_nodes, str_from(name));

    return node == NULL || node->config.access == PEP_OPEN
           || (contact && node->config.access == PEP_PRESENCE);
}

/* Who may not read the nodes does not learn the hash either (XEP-0398 §7): it is the same in every room, and on whatever contacts have
 * seen, so it would say who somebody without a name is (§8). */
static bool is_shown(const struct view *v, bool contact)
{
    return may_read(v, NS_AVATAR_METADATA, contact) && may_read(v, NS_AVATAR_DATA, contact);
}

void photo_stamp(struct arena *a, struct xml_node *presence, const struct view *v, bool contact)
{
    struct xml_node *x = xml_child(presence, STR(NS_VCARD_UPDATE), STR("x")), *photo;
    bool available = xml_get(presence, STR("type")).p == NULL;

    if (!available || v->avatar.n == 0 || !is_shown(v, contact))
        return;
    if (x == NULL)
        x = xml_add(a, presence, STR(NS_VCARD_UPDATE), STR("x"));
    photo = xml_child(x, STR(NS_VCARD_UPDATE), STR("photo"));
    if (photo != NULL && xml_text_of(a, photo).n == 0)
        return;
    if (photo != NULL)
        xml_detach(x, photo);
    photo = xml_add(a, x, STR(NS_VCARD_UPDATE), STR("photo"));
    if (photo_of(v).id.n > 0) /* the view may change before this is written */
        xml_add_text(a, photo, arena_str(a, photo_of(v).id));
}
