/* symbols.c: see symbols.h. */
#include "cli/chat/symbols.h"

static const struct symbols rich = {
    .delivery = { STR_INIT("·"), STR_INIT("✓"), STR_INIT("✓✓"), STR_INIT("✔✔"), STR_INIT("!") },
    .vertical = STR_INIT("│"),
    .horizontal = STR_INIT("─"),
    .ellipsis = STR_INIT("…"),
    .pointer = STR_INIT("▌"),
    .dot = STR_INIT("●"),
    .quote = STR_INIT("┃ "),
    .prompt = STR_INIT("› "),
    .dash = STR_INIT("·"),
};

static const struct symbols plain = {
    .delivery = { STR_INIT("."), STR_INIT("+"), STR_INIT("++"), STR_INIT("##"), STR_INIT("!") },
    .vertical = STR_INIT("|"),
    .horizontal = STR_INIT("-"),
    .ellipsis = STR_INIT("..."),
    .pointer = STR_INIT(">"),
    .dot = STR_INIT("*"),
    .quote = STR_INIT("> "),
    .prompt = STR_INIT("> "),
    .dash = STR_INIT("-"),
};

const struct symbols *symbols_of(bool utf8)
{
    return utf8 ? &rich : &plain;
}
