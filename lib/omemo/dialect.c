/* dialect.c: the constants of the two versions. */
#include "omemo/dialect.h"

#include "xmpp/ns.h"

static const struct dialect dialects[OMEMO_VERSIONS] = {
    [OMEMO_03] = {
        .ns = STR_INIT(NS_OMEMO_LEGACY),
        .x3dh_info = STR_INIT("WhisperText"),
        .root_info = STR_INIT("WhisperRatchet"),
        .message_info = STR_INIT("WhisperMessageKeys"),
        .mac_size = 8,
    },
    [OMEMO_2] = {
        .ns = STR_INIT(NS_OMEMO),
        .x3dh_info = STR_INIT("OMEMO X3DH"),
        .root_info = STR_INIT("OMEMO Root Chain"),
        .message_info = STR_INIT("OMEMO Message Key Material"),
        .mac_size = 16,
    },
};

const struct dialect *dialect_of(enum omemo version)
{
    return &dialects[version];
}
