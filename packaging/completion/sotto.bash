# bash completion for sotto(1)

# The command that stands before the cursor, if there is one.
_sotto_command() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --data|--ca|--connect|--passphrase-file|--new-passphrase-file|--wait|--reply|--correct|--timeout|--count|--limit|--report|--chat|--play|--seconds|-o|--output) ((i++)) ;;
        -*) ;;
        *) printf '%s' "${COMP_WORDS[i]}"; return ;;
        esac
    done
}

_sotto() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=

    COMPREPLY=()
    case $prev in
    --data)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        return ;;
    --ca|--passphrase-file|--new-passphrase-file|--play|-o|--output)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return ;;
    --record)
        case $(_sotto_command) in
        call|answer|chat)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return ;;
        esac ;;
    --format)
        mapfile -t COMPREPLY < <(compgen -W "text html json" -- "$cur")
        return ;;
    --wait)
        mapfile -t COMPREPLY < <(compgen -W "sent delivered" -- "$cur")
        return ;;
    --report)
        mapfile -t COMPREPLY < <(compgen -W "spam abuse" -- "$cur")
        return ;;
    --connect|--name|--reply|--correct|--timeout|--count|--limit|--chat|--seconds|--format) return ;;
    esac
    case $(_sotto_command) in
    "") words="login register invite link chat send react retract read timer listen history search passphrase keyring backup restore export forget file contacts requests block unblock devices trust verify call answer reject web
        --data --ca --connect --passphrase-file --json --help --version" ;;
    login) words="--password-stdin --name --timeout --json" ;;
    register) words="--name --json" ;;
    chat) words="--plain --play --record" ;;
    send) words="--wait --reply --correct --timeout --json" ;;
    invite) words="withdraw --timeout --json" ;;
    react|retract|read|timer) words="--timeout --json" ;;
    listen) words="--count --timeout --json" ;;
    trust) words="--distrust --json" ;;
    verify) words="--number --timeout --json" ;;
    history) words="--limit --json" ;;
    passphrase) words="--passphrase-file --new-passphrase-file --remove --json" ;;
    keyring) words="on off --json" ;;
    export) words="--all --format --output" ;;
    backup|restore)
        [ "$cur" = "${cur#-}" ] && { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return; }
        words="--passphrase-file --recovery-code --json" ;;
    search) words="--chat --limit --json" ;;
    file)
        words="send get list save always ask --voice --record --keep-metadata --output --direct --limit --timeout --json"
        if [[ $COMP_CWORD -ge 4 && ${COMP_WORDS[COMP_CWORD-2]} = send ]]; then # what stands there is a path
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
        fi ;;
    contacts) words="add rename remove accept refuse --timeout --json" ;;
    requests) words="accept refuse block --timeout --json" ;;
    block) words="--report --timeout --json" ;;
    unblock) words="--timeout --json" ;;
    link) words="--history --yes --timeout --json" ;;
    devices) words="add-app revoke remove link --history --yes --timeout --json" ;;
    call) words="--video --play --record --seconds --timeout --json" ;;
    answer) words="--play --record --seconds --timeout --json" ;;
    reject) words="--timeout --json" ;;
    *) words="--json" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sotto sotto
