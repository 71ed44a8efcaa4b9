# bash completion for sottod(8)

_sottod() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local keys="
        server.domain server.data_dir server.workers listen.c2s listen.c2s_tls listen.https listen.s2s s2s.pin
        listen.mux listen.metrics listen.component component.secret listen.proxy_from tls.certificate tls.key tls.acme web.url
        registration.mode policy.e2ee policy.e2ee_allow policy.strangers policy.calls policy.calls_direct
        auth.mechanisms auth.scram_iterations
        store.url store.ack bus.url archive.mode archive.retention_days admin.accounts anchor.address
        anchor.port log.level log.format log.events_days limits.messages_per_account limits.stanzas_per_account
        limits.bytes_per_account limits.subscriptions_per_account limits.bundle_targets_per_account
        limits.bundles_per_pair limits.failed_logins_per_account limits.password_changes_per_account
        limits.sessions_per_account limits.resumable_per_account limits.devices_per_account limits.resume_s
        limits.roster_items limits.roster_groups limits.blocked_jids limits.pep_nodes limits.pep_items
        limits.pep_item_bytes limits.pep_bytes limits.push_registrations limits.private_bytes limits.vcard_bytes limits.archive_messages
        limits.archive_queries limits.archive_page limits.request_messages limits.invitations_per_account
        limits.invitation_days limits.upload_bytes limits.upload_daily_bytes limits.upload_account_bytes
        limits.upload_total_bytes limits.upload_days limits.fetch_bytes limits.fetches_per_account
        limits.fetched_bytes_per_account limits.fetch_exempt limits.connections_per_address
        limits.failed_logins_per_address limits.registrations_per_address limits.requests_per_address
        limits.streams_per_address limits.unauthenticated_per_address limits.stanzas_per_domain
        limits.streams_per_domain limits.stanzas_per_component limits.stanza_bytes
        limits.stanza_bytes_before_login limits.output_bytes limits.lagging_s limits.login_s limits.idle_s limits.registrations limits.connections limits.exempt"

    COMPREPLY=()
    case $prev in
    -c|--replay-stanzas)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    -o)
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -S = -W "$keys" -- "$cur") ;;
    *)
        mapfile -t COMPREPLY < <(compgen -W "-c -o --check --version --help --replay-stanzas" -- "$cur") ;;
    esac
}
complete -F _sottod sottod
