/* commands.c: the list of commands. */
#include "cli/commands.h"

#include <string.h>

const struct command commands[] = {
    { "login", "JID [--password-stdin] [--name NAME] [--timeout S]",
      "make this machine a device of an account that exists", command_login, 1, 1,
      TAKES_PASSWORD | TAKES_TIMEOUT | TAKES_NAME },
    { "register", "INVITE [NAME] [--name DEVICE]",
      "make an account with an invitation; NAME as wished, else by chance", command_register, 1, 2,
      TAKES_NAME },
    { "chat", "[--plain] [--play FILE] [--record FILE]",
      "the messenger for people, on the whole screen; --plain: line by line, for screen readers; "
      "--play, --record: files instead of microphone and loudspeaker in calls",
      command_chat, 0, 0, TAKES_PLAIN | TAKES_CALL },
    { "send", "JID [TEXT] [--reply ID | --correct ID] [--wait sent|delivered] [--timeout S]",
      "send a message, encrypted, or another text for one; without TEXT, standard input",
      command_send, 1, 2,
      TAKES_WAIT | TAKES_TIMEOUT | TAKES_REPLY | TAKES_CORRECT | IS_GUEST | READS_TEXT },
    { "react", "JID ID [EMOJI...] [--timeout S]",
      "react to a message with these and no others; without any, with none any more", command_react,
      2, ARGUMENTS_MAX, TAKES_TIMEOUT | IS_GUEST },
    { "retract", "JID ID [--timeout S]", "take a message of one's own back", command_retract, 2, 2,
      TAKES_TIMEOUT | IS_GUEST },
    { "read", "JID [--timeout S]", "tell that all that has come was read", command_read, 1, 1,
      TAKES_TIMEOUT | IS_GUEST },
    { "timer", "JID SECONDS|5m|1h|1d|4w|off [--timeout S]",
      "let messages disappear on both sides, so long after they were read or sent", command_timer,
      2, 2, TAKES_TIMEOUT | IS_GUEST },
    { "listen", "[--count N] [--timeout S]", "print what came since the last time, and what comes",
      command_listen, 0, 0, TAKES_COUNT | TAKES_TIMEOUT },
    { "history", "JID [--limit N]", "print the last messages of a chat (50), without connecting",
      command_history, 1, 1, TAKES_LIMIT | IS_GUEST | ONLY_READS },
    { "search", "WORDS [--chat JID] [--limit N]",
      "print the last messages (50) that hold all these words, without connecting", command_search,
      1, 1, TAKES_LIMIT | TAKES_CHAT | IS_GUEST | ONLY_READS },
    { "passphrase", "[--new-passphrase-file FILE | --remove]",
      "change what unlocks the store, or give it a passphrase; --remove: a key file beside it does",
      command_passphrase, 0, 0, TAKES_NEW_PASSPHRASE },
    { "keyring", "[on | off]",
      "let the desktop's keyring unlock the store, too, so that nobody is asked", command_keyring,
      0, 1, 0 },
    { "backup", "FILE [--passphrase-file FILE | --recovery-code]",
      "everything but this device's keys, in one file sealed with that passphrase or code",
      command_backup, 1, 1, TAKES_RECOVERY_CODE },
    { "restore", "FILE", "make this machine a new device of an account, with what a backup holds",
      command_restore, 1, 1, 0 },
    { "export", "JID | --all [--format text|html|json] [-o FILE]",
      "chats for people and other programs, not encrypted", command_export, 0, 1,
      TAKES_FORMAT | TAKES_FILE },
    { "forget", "JID", "erase what this device keeps of a chat", command_forget, 1, 1, 0 },
    { "contacts",
      "[add JID [NAME] | rename JID NAME | remove JID | accept JID | refuse JID] [--timeout S]",
      "list the account's contacts, or change the list; accept or refuse who asks to be one",
      command_contacts, 0, 3, TAKES_TIMEOUT | IS_GUEST },
    { "invite", "[withdraw LINK] [--timeout S]",
      "make a link with which one person gets an account on your server, and is a contact of "
      "yours; or take one back",
      command_invite, 0, 2, TAKES_TIMEOUT | IS_GUEST },
    { "requests", "[accept JID | refuse JID | block JID] [--timeout S]",
      "list who wrote without being known, or decide about one of them", command_requests, 0, 2,
      TAKES_TIMEOUT | IS_GUEST },
    { "block", "[JID [--report spam|abuse]] [--timeout S]",
      "hear nothing from somebody, or from a domain, any more; without JID, list them",
      command_block, 0, 1, TAKES_REPORT | TAKES_TIMEOUT | IS_GUEST },
    { "unblock", "JID [--timeout S]", "hear somebody again", command_unblock, 1, 1,
      TAKES_TIMEOUT | IS_GUEST },
    { "link", "SERVER [NAME] [--history] [--yes] [--timeout S]",
      "make this machine a device of an account that another device of yours has: shows a code; "
      "--history asks for what was said before, too",
      command_link, 1, 2, TAKES_YES | TAKES_TIMEOUT | TAKES_HISTORY },
    { "devices",
      "[add-app NAME | revoke ID | remove NUMBER | link CODE [--history] [--yes]] [--timeout S]",
      "list the account's devices, their fingerprints, and who may log in; make a password for an "
      "app, take one back, encrypt nothing to a device any more, or link a new device that shows "
      "this code, perhaps with the history",
      command_devices, 0, 2, TAKES_TIMEOUT | TAKES_YES | TAKES_HISTORY | IS_GUEST },
    { "file",
      "send JID PATH [--voice] [--keep-metadata] | send JID --record [S] |\n"
      "       get JID ID [-o PATH] [--direct] | list JID [--limit N] | save [always | ask]",
      "send a file or a voice message, encrypted; fetch one that came; list those of a chat; save: "
      "whether chat saves those of contacts as they come",
      command_file, 1, 3, TAKES_FILE | TAKES_TIMEOUT | TAKES_LIMIT | IS_GUEST },
    { "trust", "JID [FINGERPRINT [--distrust]]",
      "list the keys of a contact's devices; trust one, or do not", command_trust, 1, 2,
      TAKES_DISTRUST | IS_GUEST },
    { "verify", "JID [FINGERPRINT | NUMBER | CODE | --number] [--timeout S]",
      "note that a fingerprint, the safety number or the text of their code was compared; from "
      "then "
      "on new devices of theirs wait for trust; --number: show the safety number",
      command_verify, 1, 2, TAKES_NUMBER | TAKES_TIMEOUT | IS_GUEST },
    { "call", "JID [--video] [--play FILE] [--record FILE] [--seconds N] [--timeout S]",
      "call somebody, until one of both hangs up; Ctrl-C does", command_call, 1, 1,
      TAKES_CALL | TAKES_TIMEOUT | IS_GUEST },
    { "answer", "[ID] [--play FILE] [--record FILE] [--seconds N] [--timeout S]",
      "answer the call that rings, which listen tells of", command_answer, 0, 1,
      TAKES_CALL | TAKES_TIMEOUT | IS_GUEST },
    { "reject", "[ID] [--timeout S]", "decline the call that rings", command_reject, 0, 1,
      TAKES_TIMEOUT | IS_GUEST },
    { "web", "", "serve the web client from this machine", NULL, 0, 2, 0 },
};

const size_t command_count = COUNT_OF(commands);

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static unsigned options_given(const struct program *p)
{
    return (p->password_stdin ? TAKES_PASSWORD : 0) | (p->wait != NULL ? TAKES_WAIT : 0)
           | (p->timeout != NULL ? TAKES_TIMEOUT : 0) | (p->count != NULL ? TAKES_COUNT : 0)
           | (p->limit != NULL ? TAKES_LIMIT : 0) | (p->distrust ? TAKES_DISTRUST : 0)
           | (p->chat != NULL ? TAKES_CHAT : 0) | (p->report != NULL ? TAKES_REPORT : 0)
           | (p->plain ? TAKES_PLAIN : 0) | (p->file.given ? TAKES_FILE : 0)
           | (p->reply != NULL ? TAKES_REPLY : 0) | (p->correct != NULL ? TAKES_CORRECT : 0)
           | (p->recovery_code ? TAKES_RECOVERY_CODE : 0) | (p->yes ? TAKES_YES : 0)
           | (p->number ? TAKES_NUMBER : 0) | (p->name != NULL ? TAKES_NAME : 0)
           | (p->with_history ? TAKES_HISTORY : 0)
           | (p->remove || p->new_passphrase_file != NULL ? TAKES_NEW_PASSPHRASE : 0)
           | (p->call.given ? TAKES_CALL : 0) | (p->all || p->format != NULL ? TAKES_FORMAT : 0);
}

bool command_fits(const struct command *c, const struct program *p)
{
    unsigned options = options_given(p);
    int given = 0;

    while (given < ARGUMENTS_MAX && p->arguments[given] != NULL)
        given++;
    return given >= c->arguments_min && given <= c->arguments_max && (options & ~c->options) == 0;
}
