/* commands.c: the list of commands. */
#include "cli/commands.h"

const struct command commands[] = {
    { "login", "JID --password-stdin [--timeout S]",
      "make this machine a device of an account that exists", command_login, 1, 1,
      TAKES_PASSWORD | TAKES_TIMEOUT },
    { "register", "INVITE [NAME]",
      "make an account with an invitation; NAME as wished, else by chance", command_register, 1, 2,
      0 },
    { "send", "JID [TEXT] [--wait sent|delivered] [--timeout S]",
      "send a message, encrypted; without TEXT, standard input", command_send, 1, 2,
      TAKES_WAIT | TAKES_TIMEOUT },
    { "listen", "[--count N] [--timeout S]", "print what came since the last time, and what comes",
      command_listen, 0, 0, TAKES_COUNT | TAKES_TIMEOUT },
    { "history", "JID [--limit N]", "print the last messages of a chat (50), without connecting",
      command_history, 1, 1, TAKES_LIMIT },
    { "contacts", "[--timeout S]", "list the account's contacts", command_contacts, 0, 0,
      TAKES_TIMEOUT },
    { "devices", "[--timeout S]", "list the account's devices with their fingerprints",
      command_devices, 0, 0, TAKES_TIMEOUT },
    { "trust", "JID [FINGERPRINT [--distrust]]",
      "list the keys of a contact's devices; trust one, or do not", command_trust, 1, 2,
      TAKES_DISTRUST },
    { "verify", "JID [FINGERPRINT]",
      "note that a fingerprint was compared; from then on new devices of theirs wait for trust",
      command_verify, 1, 2, 0 },
    { "call", "", "call somebody", NULL, 0, 2, 0 },
    { "answer", "", "accept a call", NULL, 0, 2, 0 },
    { "reject", "", "reject a call", NULL, 0, 2, 0 },
    { "web", "", "serve the web client from this machine", NULL, 0, 2, 0 },
};

const size_t command_count = COUNT_OF(commands);
