/* fuzz_media_line.c: whatever the parent of sotto-media says is a command whose every value is in its range, or refused. */
#include <stdlib.h>

#include "media/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command c;

    if (command_read((struct str){ (const char *)data, size }, &c) != ERR_NONE)
        return 0;
    if (size > CONTROL_LINE_MAX || c.kind >= COMMANDS)
        abort();
    if (c.kind == COMMAND_START
        && (c.bitrate < 6000 || c.bitrate > 128000 || c.packet_ms % 20 != 0 || c.packet_ms > 60
            || c.packet_ms == 0 || c.stats_ms < 200))
        abort();
    if (c.kind == COMMAND_REMOTE && (c.sdp.p == NULL || c.sdp.n > size))
        abort();
    if (c.kind == COMMAND_SOCKET && (c.candidate > 999 || c.socket != -1))
        abort();
    command_deinit(&c);
    return 0;
}
