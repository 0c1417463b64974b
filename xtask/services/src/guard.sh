# Waits until its starter is gone, then stops and removes what the starter had announced.
# One order a line: `process ID SIGNAL DIRECTORY`, `container ID`, `directory PATH`.

trap '' HUP INT QUIT TERM
orders=$(cat)

# Whether process $1 still runs and is the one we mean: it works inside directory $2. (A process
# number may have been given to somebody else since.)
runs() {
    kill -0 "$1" 2>/dev/null || return 1
    [ -e /proc/self/cwd ] || return 0
    case "$(readlink "/proc/$1/cwd")" in "$2"*) return 0 ;; *) return 1 ;; esac
}

remove_container() {
    docker rm --force --volumes "$1" && return
    path="containers/$1?force=true&v=true"
    case "${DOCKER_HOST:-unix:///var/run/docker.sock}" in
        unix://*) curl --silent --request DELETE \
            --unix-socket "$(printf %s "${DOCKER_HOST:-unix:///var/run/docker.sock}" | cut -c8-)" \
            "http://localhost/$path" ;;
        tcp://*) curl --silent --request DELETE "http://${DOCKER_HOST#tcp://}/$path" ;;
    esac
}

# Lets go on what was paused inside directory $1: a paused process does not end when it is told to.
resume() {
    for process in /proc/[0-9]*; do
        case "$(readlink "$process/cwd")" in "$1"*) kill -s CONT "${process##*/}" ;; esac
    done
}

printf '%s\n' "$orders" | while read -r kind id signal directory; do
    [ "$kind" = process ] || continue
    runs "$id" "$directory" && kill -s "$signal" "$id"
    resume "$directory"
done

printf '%s\n' "$orders" | while read -r kind id signal directory; do
    [ "$kind" = process ] || continue
    tries=0
    while runs "$id" "$directory"; do
        # Five seconds for an orderly end.
        tries=$((tries + 1))
        [ $tries -eq 100 ] && kill -s KILL "$id"
        [ $tries -gt 200 ] && break
        sleep 0.05
    done
done

printf '%s\n' "$orders" | while read -r kind id; do
    [ "$kind" = container ] && remove_container "$id"
done

printf '%s\n' "$orders" | while read -r kind path; do
    [ "$kind" = directory ] || continue
    case "$path" in */hostproof-services-*) rm -rf -- "$path" ;; esac
done
