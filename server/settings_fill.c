/* settings_fill.c: what the configuration says, as the engine takes it. */
#include "server/settings_fill.h"

static const enum register_mode register_modes[] = {
    [REGISTRATION_INVITE] = REGISTER_INVITED,
    [REGISTRATION_OPEN] = REGISTER_ANYBODY,
    [REGISTRATION_CLOSED] = REGISTER_NOBODY,
};

void settings_fill(struct settings *to, const struct config *c)
{
    to->registration = register_modes[c->registration.mode];
    to->invitations_per_account = (unsigned)c->limits.invitations_per_account;
    to->upload_bytes = c->limits.upload_bytes;
    to->upload_daily_bytes = c->limits.upload_daily_bytes;
    to->upload_account_bytes = c->limits.upload_account_bytes;
    to->upload_total_bytes = c->limits.upload_total_bytes;
    to->fetch_bytes = c->limits.fetch_bytes;
    to->fetches_per_account = c->limits.fetches_per_account;
    to->fetched_bytes_per_account = c->limits.fetched_bytes_per_account;
    to->invitation_days = c->limits.invitation_days;
    to->domains = c->server.domain.items;
    to->domain_count = c->server.domain.count;
    to->e2ee_required = c->policy.e2ee == E2EE_REQUIRED;
    to->e2ee_allow = c->policy.e2ee_allow.items;
    to->e2ee_allow_count = c->policy.e2ee_allow.count;
    to->strangers_gated = c->policy.strangers == STRANGERS_GATE;
    to->calls_strict = c->policy.calls == CALLS_STRICT;
    to->calls_adapted = c->policy.calls_direct == CALLS_DIRECT_ADAPT;
    to->archive_on = c->archive.mode == ARCHIVE_ON;
    to->mechanism_plain = c->auth.mechanisms & MECHANISM_PLAIN;
    to->mechanism_sha1 = c->auth.mechanisms & (MECHANISM_SCRAM_SHA_1 | MECHANISM_SCRAM_SHA_1_PLUS);
    to->mechanism_sha256 =
        c->auth.mechanisms & (MECHANISM_SCRAM_SHA_256 | MECHANISM_SCRAM_SHA_256_PLUS);
    to->mechanism_sha512 =
        c->auth.mechanisms & (MECHANISM_SCRAM_SHA_512 | MECHANISM_SCRAM_SHA_512_PLUS);
    to->mechanism_fast = c->auth.mechanisms & MECHANISM_FAST;
    to->scram_iterations = (uint32_t)c->auth.scram_iterations;
    to->stanza_bytes = c->limits.stanza_bytes;
    to->element_bytes = c->limits.stanza_bytes_before_login;
    to->login_s = (uint32_t)c->limits.login_s;
    to->idle_s = (uint32_t)c->limits.idle_s;
    to->registrations = c->limits.registrations;
    to->registrations_per_address = c->limits.registrations_per_address;
    to->sessions_per_account = (unsigned)c->limits.sessions_per_account;
    to->devices_per_account = (unsigned)c->limits.devices_per_account;
    to->messages_per_account = c->limits.messages_per_account;
    to->stanzas_per_account = c->limits.stanzas_per_account;
    to->bytes_per_account = c->limits.bytes_per_account;
    to->password_changes_per_account = c->limits.password_changes_per_account;
    to->failed_logins_per_account = c->limits.failed_logins_per_account;
    to->failed_logins_per_address = c->limits.failed_logins_per_address;
    to->resumable_per_account = (unsigned)c->limits.resumable_per_account;
    to->subscriptions_per_account = c->limits.subscriptions_per_account;
    to->key_targets = c->limits.bundle_targets_per_account;
    to->keys_per_pair = c->limits.bundles_per_pair;
    to->stanzas_per_domain = c->limits.stanzas_per_domain;
    to->stanzas_per_component = c->limits.stanzas_per_component;
    to->streams_per_domain = (unsigned)c->limits.streams_per_domain;
    to->archive_queries = (unsigned)c->limits.archive_queries;
    to->roster_groups = (unsigned)c->limits.roster_groups;
    to->pep_bytes = c->limits.pep_bytes;
    to->resume_s = (uint32_t)c->limits.resume_s;
    to->roster_items = (unsigned)c->limits.roster_items;
    to->pep_nodes = (unsigned)c->limits.pep_nodes;
    to->pep_items_per_node = (unsigned)c->limits.pep_items;
    to->pep_item_bytes = (unsigned)c->limits.pep_item_bytes;
    to->archive_page = (uint32_t)c->limits.archive_page;
    to->blocks = (unsigned)c->limits.blocked_jids;
    to->push_registrations = (unsigned)c->limits.push_registrations;
    to->private_bytes = c->limits.private_bytes;
    to->vcard_bytes = c->limits.vcard_bytes;
    to->output_bytes = c->limits.output_bytes;
    to->lagging_s = (uint32_t)c->limits.lagging_s;
}
