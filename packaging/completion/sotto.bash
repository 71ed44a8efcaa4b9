# bash completion for sotto(1)

# The command that stands before the cursor, if there is one.
_sotto_command() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --data|--ca|--connect|--passphrase-file|--wait|--timeout|--count|--limit) ((i++)) ;;
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
    --ca|--passphrase-file)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return ;;
    --wait)
        mapfile -t COMPREPLY < <(compgen -W "sent delivered" -- "$cur")
        return ;;
    --connect|--timeout|--count|--limit) return ;;
    esac
    case $(_sotto_command) in
    "") words="login register send listen history contacts devices trust verify call answer reject web
        --data --ca --connect --passphrase-file --json --help --version" ;;
    login) words="--password-stdin --timeout --json" ;;
    send) words="--wait --timeout --json" ;;
    listen) words="--count --timeout --json" ;;
    trust) words="--distrust --json" ;;
    history) words="--limit --json" ;;
    contacts|devices) words="--timeout --json" ;;
    *) words="--json" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sotto sotto
