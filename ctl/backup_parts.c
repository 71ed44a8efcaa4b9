/* backup_parts.c: the closed list of names. */
#include "ctl/backup_parts.h"

#include "base/mem.h"

static const struct {
    const char *folder, *name;
    uint64_t least, most; /* bytes */
} parts[] = {
    { "", PART_DATABASE, 1, UINT64_MAX },
    { "", PART_KEY, PART_KEY_OCTETS, PART_KEY_OCTETS },
    { PART_TLS, "certificate.pem", 1, PART_PEM_MAX },
    { PART_TLS, "key.pem", 1, PART_PEM_MAX },
};

bool part_is_slot(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= '2' && name.p[i] <= '7'))
            return false;
    return name.n == PART_SLOT_CHARS;
}

bool part_of(struct str path, uint64_t size, struct part *out)
{
    size_t slash = str_find(path, '/');
    struct part part = { STR(""), path };

    if (slash < path.n)
        part = (struct part){ str_slice(path, 0, slash), str_skip(path, slash + 1) };
    *out = part;
    if (str_is(part.folder, PART_UPLOADS))
        return part_is_slot(part.name);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (str_is(part.folder, parts[i].folder) && str_is(part.name, parts[i].name))
            return size >= parts[i].least && size <= parts[i].most;
    return false;
}
