/* chat.c: `sotto chat`: the messenger for people. */
#include <locale.h>

#include "cli/chat/faces.h"
#include "cli/commands.h"

int command_chat(struct program *p)
{
    if (p->call.video || p->call.seconds != NULL)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("--video and --seconds are of `sotto call`: here /call video calls "
                                "with video"));
    (void)setlocale(LC_CTYPE, ""); /* what characters the terminal has, and how wide they are */
    return p->plain ? face_plain(p) : face_screen(p);
}
