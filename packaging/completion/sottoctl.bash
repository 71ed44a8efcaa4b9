# bash completion for sottoctl(8)

# The words of the command that stand before the cursor, without options.
_sottoctl_words() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -s|--domain|--days|--hours|--database|--since|--type|--count) ((i++)) ;;
        -*) ;;
        *) printf '%s ' "${COMP_WORDS[i]}" ;;
        esac
    done
}

_sottoctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=

    COMPREPLY=()
    case $prev in
    -s|--database)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return ;;
    --domain|--days|--hours|--since|--count) return ;;
    --type)
        mapfile -t COMPREPLY < <(compgen -W "login registration connection stream message contact storage file call server" -- "$cur")
        return ;;
    esac
    case $(_sottoctl_words) in
    "") words="user call invite stats events check backup restore drain store case evidence -s --json --help --version" ;;
    "user ") words="add add-many list delete id" ;;
    "user add "*|"user add-many "*) words="--password-stdin --json" ;;
    "call ") words="allow disallow suspend resume list" ;;
    "call suspend "*) words="--hours --json" ;;
    "invite ") words="create withdraw" ;;
    "invite create ") words="--domain --days --qr --json" ;;
    "store ") words="copy" ;;
    "events ") words="--follow --since --type --count --json" ;;
    "backup "|"restore ")
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return ;;
    "backup "*) words="--without-keys --json" ;;
    "restore "*) words="--database --json" ;;
    *) words="--json" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sottoctl sottoctl
