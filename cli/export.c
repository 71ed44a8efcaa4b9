/* export.c: `sotto export`: chats as people read them, in ten years and without us: text, a web page without a script, or JSON.
 *
 * It is not encrypted, which the file says first.
 */
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "base/datetime.h"
#include "cli/account.h"
#include "cli/attached.h"
#include "cli/call_event.h"
#include "cli/commands.h"
#include "cli/new_device.h"
#include "cli/new_file.h"
#include "cli/visible.h"
#include "client/timeline.h"
#include "io/output.h"

enum { PIECE_MAX = 16 << 20 };

#define WARNING "This export is not encrypted: whoever reads this file reads these messages."

struct export;

struct format {
    const char *name;
    void (*begin)(struct export *x);
    void (*chat)(struct export *x, struct str jid, bool is_first);
    void (*message)(struct export *x, const struct message *m, bool is_first);
    void (*chat_end)(struct export *x);
    void (*end)(struct export *x);
};

struct export
{
    struct account account;
    struct arena arena;
    const struct format *format;
    struct chat_name *chats, **last;
    struct new_file file;
    bool to_file;
    struct buf out; /* since the last write */
    enum err written;
};

struct chat_name {
    struct chat_name *next;
    struct str jid;
};

/* ---- Writing ------------------------------------------------------------------------------------- */

static void say(struct export *x, const char *text)
{
    buf_add(&x->out, str_from(text));
}

static void flush(struct export *x)
{
    if (x->out.failed)
        x->written = ERR_TOO_BIG;
    else if (x->written == ERR_NONE && x->to_file)
        x->written = new_file_write(&x->file, buf_bytes(&x->out));
    else if (x->written == ERR_NONE && fwrite(x->out.p, 1, x->out.n, stdout) != x->out.n)
        x->written = ERR_IO;
    secure_zero(x->out.p, x->out.n);
    buf_reset(&x->out);
}

/* 2026-01-31 23:59:59 UTC */
static void say_time(struct export *x, uint64_t time_ms)
{
    struct arena a = { 0 };
    struct str t = datetime_text(&a, time_ms);

    buf_add(&x->out, str_slice(t, 0, 10));
    say(x, " ");
    buf_add(&x->out, str_slice(t, 11, 8));
    say(x, " UTC");
    arena_deinit(&a);
}

/* What a file was called and how big it was: the file itself is not in an export. */
static struct str file_words(struct arena *a, const struct message *m)
{
    struct attachment f;
    struct str name, size;

    if (!attached_of(&m->entry, &f))
        return STR("(with a file)");
    name = f.is_voice ? STR("voice message") : visible_line(a, attached_name(a, &f));
    size = f.has_size ? attached_size(a, f.size) : STR_NONE;
    return arena_printf(a, "(with a file: %.*s%s%.*s)", STR_ARG(name), size.n > 0 ? ", " : "",
                        STR_ARG(size));
}

static struct str remark(struct arena *a, const struct message *m)
{
    if (m->retracted)
        return STR("(taken back)");
    if (m->entry.kind == ENTRY_SEALED)
        return STR("(this device could not read it)");
    if (m->entry.kind == ENTRY_DEVICE)
        return arena_printf(a, "(%.*s)", STR_ARG(new_device_words(a, &m->entry)));
    if (m->entry.kind == ENTRY_CALL)
        return arena_printf(a, "(%.*s)", STR_ARG(call_record_words(a, &m->entry)));
    if (m->entry.attachment.n > 0)
        return file_words(a, m);
    return m->edited ? STR("(edited)") : STR("");
}

/* A call's entry has its outcome there, in words of ours, a device's its fingerprint. */
static struct str words_of(const struct message *m)
{
    return m->entry.kind == ENTRY_CALL || m->entry.kind == ENTRY_DEVICE ? STR("") : m->text;
}

/* ---- Text ---------------------------------------------------------------------------------------- */

static void text_begin(struct export *x)
{
    say(x, WARNING "\n");
}

static void text_chat(struct export *x, struct str jid, bool is_first)
{
    (void)is_first;
    say(x, "\n==== ");
    buf_add(&x->out, visible_line(&x->arena, jid));
    say(x, " ====\n\n");
}

static void text_message(struct export *x, const struct message *m, bool is_first)
{
    struct arena a = { 0 };

    (void)is_first;
    say_time(x, m->entry.time_ms);
    say(x, "  ");
    buf_add(&x->out, visible_line(&a, m->entry.author));
    say(x, ": ");
    buf_add(&x->out, visible_text(&a, words_of(m)));
    if (words_of(m).n > 0 && remark(&a, m).n > 0)
        say(x, " ");
    buf_add(&x->out, remark(&a, m));
    for (size_t i = 0; i < m->reaction_count; i++) {
        say(x, "\n    ");
        buf_add(&x->out, visible_line(&a, m->reactions[i].emojis));
        say(x, " ");
        buf_add(&x->out, visible_line(&a, m->reactions[i].author));
    }
    say(x, "\n");
    arena_deinit(&a);
}

static void nothing(struct export *x)
{
    (void)x;
}

/* ---- A web page: whatever others wrote is text in it ---------------------------------------------- */

static void say_html(struct export *x, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '&': say(x, "&amp;"); break;
        case '<': say(x, "&lt;"); break;
        case '>': say(x, "&gt;"); break;
        case '"': say(x, "&quot;"); break;
        case '\'': say(x, "&#39;"); break;
        default: buf_add_char(&x->out, text.p[i]); break;
        }
    }
}

static void html_begin(struct export *x)
{
    say(x, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" "
           "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
           "<title>Messages</title>\n<style>\n"
           "body { font-family: sans-serif; max-width: 50em; margin: auto; padding: 1em }\n"
           "p { margin: .4em 0; white-space: pre-wrap }\n"
           "time, i { color: #666 }\n.ours b { color: #064 }\n</style></head><body>\n"
           "<p><strong>" WARNING "</strong></p>\n");
}

static void html_chat(struct export *x, struct str jid, bool is_first)
{
    (void)is_first;
    say(x, "<h2>");
    say_html(x, visible_line(&x->arena, jid));
    say(x, "</h2>\n");
}

static void html_message(struct export *x, const struct message *m, bool is_first)
{
    struct arena a = { 0 };

    (void)is_first;
    say(x, m->entry.outgoing ? "<p class=\"ours\"><time>" : "<p><time>");
    say_time(x, m->entry.time_ms);
    say(x, "</time> <b>");
    say_html(x, visible_line(&a, m->entry.author));
    say(x, "</b> ");
    say_html(x, visible_text(&a, words_of(m)));
    say(x, " <i>");
    say_html(x, remark(&a, m));
    say(x, "</i>");
    for (size_t i = 0; i < m->reaction_count; i++) {
        say(x, "\n    ");
        say_html(x, visible_line(&a, m->reactions[i].emojis));
        say(x, " <i>");
        say_html(x, visible_line(&a, m->reactions[i].author));
        say(x, "</i>");
    }
    say(x, "</p>\n");
    arena_deinit(&a);
}

static void html_end(struct export *x)
{
    say(x, "</body></html>\n");
}

/* ---- JSON: for programs, so text is as it was written ---------------------------------------------- */

static void say_json(struct export *x, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    say(x, text);
    mem_free(text);
    json_decref(value);
}

/* With --json on standard output: one object in one line, as all events. */
static bool is_event(const struct export *x)
{
    return x->account.program->json && !x->to_file;
}

static void json_between(struct export *x, bool is_first)
{
    say(x, is_first ? "" : ",");
    say(x, is_event(x) ? "" : "\n");
}

static void json_begin(struct export *x)
{
    say(x, is_event(x) ? "{\"event\":\"export\"," : "{");
    say(x, "\"note\":\"" WARNING "\",\"account\":");
    say_json(x, json_of(x->account.bare));
    say(x, ",\"chats\":[");
}

static void json_chat(struct export *x, struct str jid, bool is_first)
{
    json_between(x, is_first);
    say(x, "{\"with\":");
    say_json(x, json_of(jid));
    say(x, ",\"messages\":[");
}

static void json_message(struct export *x, const struct message *m, bool is_first)
{
    struct arena a = { 0 };
    json_t *out =
        json_pack("{s:o,s:o,s:o,s:o,s:b,s:b,s:b}", "time",
                  json_of(datetime_text(&a, m->entry.time_ms)), "from", json_of(m->entry.author),
                  "id", json_of(m->entry.id), "text", json_of(words_of(m)), "edited", m->edited,
                  "retracted", m->retracted, "unreadable", m->entry.kind == ENTRY_SEALED);
    json_t *reactions = json_object(), *call = NULL;
    struct attachment file;

    for (size_t i = 0; i < m->reaction_count; i++)
        json_object_setn_new(reactions, m->reactions[i].author.p, m->reactions[i].author.n,
                             json_of(m->reactions[i].emojis));
    if (m->reaction_count > 0)
        json_object_set(out, "reactions", reactions);
    if (m->reply_to != NULL)
        json_object_set_new(out, "answers", json_of(m->reply_to->entry.id));
    if (attached_of(&m->entry, &file) && !m->retracted)
        json_object_set_new(out, "attachment", attached_json(&file));
    if (m->entry.kind == ENTRY_CALL) {
        call_event_add(call = json_object(), &m->entry);
        json_object_set_new(out, "call", call);
    }
    if (m->entry.kind == ENTRY_DEVICE)
        json_object_set_new(out, "device",
                            json_pack("{s:o}", "fingerprint", json_of(m->entry.text)));
    json_decref(reactions);
    json_between(x, is_first);
    say_json(x, out);
    arena_deinit(&a);
}

static void json_chat_end(struct export *x)
{
    say(x, "]}");
}

static void json_end(struct export *x)
{
    say(x, "]}\n");
}

enum { FORMAT_TEXT, FORMAT_HTML, FORMAT_JSON };

static const struct format formats[] = {
    [FORMAT_TEXT] = { "text", text_begin, text_chat, text_message, nothing, nothing },
    [FORMAT_HTML] = { "html", html_begin, html_chat, html_message, nothing, html_end },
    [FORMAT_JSON] = { "json", json_begin, json_chat, json_message, json_chat_end, json_end },
};

/* ---- Chats --------------------------------------------------------------------------------------- */

static void fold(void *ctx, uint64_t number, const struct entry *e)
{
    (void)number;
    timeline_add(ctx, e);
}

static enum err export_chat(struct export *x, struct str jid, bool is_first)
{
    struct timeline *t = timeline_new(&x->account.program->random);
    enum err e = store_page(x->account.store, jid, 0, STORE_AFTER, SIZE_MAX, fold, t);
    bool first = true;

    if (e == ERR_NONE) {
        x->format->chat(x, jid, is_first);
        for (size_t i = 0; i < timeline_count(t); i++) {
            const struct message *m = timeline_at(t, i);

            if (m->entry.kind == ENTRY_TIMER)
                continue; /* nobody has said it */
            x->format->message(x, m, first);
            first = false;
            flush(x);
        }
        x->format->chat_end(x);
    }
    timeline_free(t);
    return e;
}

static void add_chat(struct export *x, struct str jid)
{
    struct chat_name *c = ARENA_NEW(&x->arena, struct chat_name);

    c->jid = arena_str(&x->arena, jid);
    *x->last = c;
    x->last = &c->next;
}

static void note_chat(void *ctx, const struct store_chat *c)
{
    if (c->last.kind != 0)
        add_chat(ctx, c->jid);
}

static enum err export_chats(struct export *x)
{
    enum err e = ERR_NONE;

    x->format->begin(x);
    for (struct chat_name *c = x->chats; c != NULL && e == ERR_NONE; c = c->next)
        e = export_chat(x, c->jid, c == x->chats);
    x->format->end(x);
    flush(x);
    return e;
}

/* ---- The command --------------------------------------------------------------------------------- */

static int refuse(struct export *x, enum err e)
{
    struct program *p = x->account.program;
    struct str why = new_file_why(e);

    return program_fail(
        p, STATUS_FAILED, "file",
        arena_printf(&p->arena, "the export cannot be written: %.*s", STR_ARG(why)));
}

static int write_all(struct export *x)
{
    struct program *p = x->account.program;
    const char *path = p->file.output, *name = NULL, *folder;
    enum err e;

    if ((x->to_file = path != NULL)) {
        /* Both change what they are given. */
        folder = dirname((char *)arena_printf(&p->arena, "%s", path).p);
        name = basename((char *)arena_printf(&p->arena, "%s", path).p);
        if ((e = new_file_open(&x->file, folder, NEW_FILE_NAMELESS, &p->random)) != ERR_NONE)
            return refuse(x, e);
    }
    e = export_chats(x);
    if (x->to_file && e == ERR_NONE && x->written == ERR_NONE)
        x->written = new_file_place(&x->file, name);
    if (x->to_file)
        new_file_drop(&x->file);
    if (x->to_file && e == ERR_NONE && x->written == ERR_NONE)
        program_tell(p, json_pack("{s:s,s:o}", "event", "export", "file", json_of(str_from(path))));
    if (e != ERR_NONE)
        return program_fail(p, STATUS_FAILED, "store",
                            STR("the store cannot be read: it is damaged"));
    if (!x->to_file && !output_arrived())
        return STATUS_FAILED; /* main() says why */
    return x->written == ERR_NONE ? STATUS_DONE : refuse(x, x->written);
}

static int export(struct export *x, const struct jid *jid)
{
    struct account *a = &x->account;
    int status = account_open(a);

    if (status != STATUS_DONE)
        return status;
    if (jid != NULL)
        add_chat(x, jid_text(&x->arena, jid));
    else if (store_chats(a->store, note_chat, x) != ERR_NONE)
        return program_fail(a->program, STATUS_FAILED, "store",
                            STR("the store cannot be read: it is damaged"));
    status = write_all(x);
    if (status == STATUS_DONE)
        fprintf(stderr, "sotto: " WARNING "\n");
    return status;
}

int command_export(struct program *p)
{
    struct export x = { .format = &formats[0] };
    bool named = p->arguments[0] != NULL, known = p->format == NULL;
    struct jid jid;
    int status;

    for (size_t i = 0; i < COUNT_OF(formats) && !known; i++)
        if ((known = strcmp(p->format, formats[i].name) == 0))
            x.format = &formats[i];
    if (!known)
        return program_fail(p, STATUS_USAGE, "usage", STR("--format wants text, html or json"));
    if (p->json && p->file.output == NULL && p->format == NULL)
        x.format = &formats[FORMAT_JSON];
    if (p->json && p->file.output == NULL && x.format != &formats[FORMAT_JSON])
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("with --json only JSON goes to standard output: -o FILE takes text "
                                "and pages"));
    if (named == p->all
        || (named
            && (jid_parse(&p->arena, str_from(p->arguments[0]), &jid) != ERR_NONE
                || !jid_is_bare(&jid))))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("export wants an address such as alice@example.org, or --all"));
    x.last = &x.chats;
    buf_init(&x.out, PIECE_MAX);
    account_init(&x.account, p);
    status = export(&x, named ? &jid : NULL);
    account_deinit(&x.account);
    buf_deinit(&x.out);
    arena_deinit(&x.arena);
    return status;
}
