# shellcheck shell=bash
# Where the demonstration keeps its state and how its processes are known; sourced by deploy/up and deploy/down.

if [ "$(id -u)" -eq 0 ]; then
    OWNER=sessiond-demo
    STATE=/var/lib/sessiond-demo
else
    OWNER=$(id -un)
    STATE=${XDG_STATE_HOME:-$HOME/.local/state}/sessiond
fi

DATA=$STATE/postgres
RUN=$STATE/run
SOCKET=$RUN/worker.sock
export DATABASE_URL="postgresql://sessiond@/sessiond?host=$RUN"
export SECRET_KEY_FILE=$STATE/secret_key

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command as the owner of the state, from a directory that this owner can read, with no more of the caller's
# environment than it needs.
as_owner() {
    local command=(env -i PATH="$PATH" LANG=C.UTF-8 HOME="$STATE" DATABASE_URL="$DATABASE_URL"
        SECRET_KEY_FILE="$SECRET_KEY_FILE" AUTHENTICATION=any METRICS_DIRECTORY="$RUN/metrics" "$@")
    if [ "$(id -u)" -eq 0 ]; then
        command=(setpriv --reuid "$OWNER" --regid "$OWNER" --init-groups -- "${command[@]}")
    fi
    (cd "$STATE" && exec "${command[@]}")
}

# The process id in a file, if that process still is ours: after a reboot the number may be anyone's.
live_pid() {
    local pid
    [ -r "$1" ] && read -r pid <"$1" && [[ $pid =~ ^[0-9]+$ ]] || return 0
    if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$STATE/"; then
        printf '%s\n' "$pid"
    fi
}

postgres_pid() { live_pid "$DATA/postmaster.pid"; }
nginx_pid() { live_pid "$RUN/nginx.pid"; }
supervisor_pid() { live_pid "$RUN/supervisor.pid"; }

worker_pids() {
    if [ -n "$(supervisor_pid)" ] && [ -r "$RUN/workers.pid" ]; then
        tr '\n' ' ' <"$RUN/workers.pid" | sed 's/ *$//'
    fi
}

# Polls a command until it succeeds; fails after so many seconds.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

gone() { ! kill -0 "$1" 2>/dev/null; }
