#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Runs the README's two commands in a newly made Debian of the given release, to show that nothing was installed by
# hand. Everything happens in a mount and process namespace of its own, which is gone, with whatever ran or was mounted
# in it, when this script ends for any reason.
set -eu
usage()
{
    cat <<'TEXT'
usage: scripts/fresh.sh SUITE [--worktree] [--keep] [COMMAND...]
  SUITE       bookworm (Debian 12) or trixie (Debian 13)
  --worktree  take the working tree as it is, new files included; otherwise the last commit
  --keep      leave the system in build/fresh-SUITE for a look afterwards
  COMMAND     what to run instead of ./demo.sh and ./test.sh, for example: ./test.sh
Must be run as root. The base system and the packages are kept in build/cache for the next run.
TEXT
}
wrong()
{
    echo "fresh: $1 (see scripts/fresh.sh --help)" >&2
    exit 2
}

suite="" source=HEAD option="" keep=no commands=""
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage; exit 0 ;;
    --worktree) source=worktree option=$1 ;;
    --keep) keep=yes ;;
    -*) wrong "unknown option $1" ;;
    *)
        if [ -z "$suite" ]; then
            suite=$1
        else
            commands="$commands $1"
        fi
        ;;
    esac
    shift
done
case $suite in
bookworm | trixie) ;;
'') wrong "which release? bookworm or trixie" ;;
*) wrong "unknown release $suite: bookworm or trixie" ;;
esac
commands=${commands:-./demo.sh ./test.sh}
[ "$(id -u)" -eq 0 ] || wrong "must be run as root (chroot, mounts)"
for tool in debootstrap unshare chroot git tar; do
    command -v $tool >/dev/null 2>&1 || wrong "needs the program $tool: apt-get install debootstrap util-linux git"
done

cd "$(dirname "$0")/.."
top=$PWD
. scripts/apt-sources.sh
root=$top/build/fresh-$suite
cache=$top/build/cache
home=/root/aero

if [ -z "${AERO_FRESH_INSIDE:-}" ]; then
    # The inner half has mounts and processes of its own; nothing of them outlives it.
    status=0
    trap '[ "$keep" = yes ] || rm -rf --one-file-system "$root"' EXIT
    trap 'exit 130' INT TERM
    # shellcheck disable=SC2086 # a list of words
    AERO_FRESH_INSIDE=yes unshare --mount --pid --fork --kill-child --propagation private \
        sh scripts/fresh.sh "$suite" $option $commands || status=$?
    exit $status
fi

say()
{
    echo "fresh: $*"
}
our_git()
{
    git -c safe.directory="$top" "$@" # root may run this in another user's clone
}
# The machine's own mirror: its source of the wanted release, else that of its own release with the name changed.
. /etc/os-release
stanza=$(apt_stanza "$suite" "$suite" || apt_stanza "${VERSION_CODENAME:-none}" "$suite") ||
    wrong "apt's sources have no Debian entry to take the mirror from"
mirror=$(printf '%s\n' "$stanza" | apt_field URIs | awk '{ print $1 }')
keyring=$(printf '%s\n' "$stanza" | apt_field Signed-By)
[ -r "${keyring:-none}" ] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p "$cache/debs-$suite/partial"
rm -rf --one-file-system "$root"
if [ ! -s "$cache/$suite.tar" ]; then
    say "making a base system of $suite"
    include=""
    case $mirror in https:*) include=--include=ca-certificates ;; esac
    # shellcheck disable=SC2086 # empty or one word
    debootstrap --variant=minbase --keyring="$keyring" $include "$suite" "$root" "$mirror" >"$cache/$suite.log" 2>&1 || {
        tail -n 20 "$cache/$suite.log" >&2
        say "debootstrap failed, see $cache/$suite.log" >&2
        exit 1
    }
    tar -C "$root" --numeric-owner -cf "$cache/$suite.tar.new" .
    mv "$cache/$suite.tar.new" "$cache/$suite.tar"
else
    say "base system of $suite from the cache"
    mkdir -p "$root"
    tar -C "$root" --numeric-owner -xf "$cache/$suite.tar"
fi

# How this machine reaches its mirror: proxy settings, credentials of apt, certificates, name resolution.
apt-config dump Acquire | grep -Ei '^Acquire::(https?|ftp|Retries|Check-Valid-Until|Check-Date|ForceIPv4)' \
    >"$root/etc/apt/apt.conf.d/90machine" || true
for item in /etc/apt/auth.conf /etc/apt/auth.conf.d /etc/resolv.conf /etc/hosts /usr/local/share/ca-certificates \
    /etc/ssl/certs/ca-certificates.crt; do
    if [ -e "$item" ]; then
        mkdir -p "$root${item%/*}"
        cp -RLf "$item" "$root${item%/*}/"
    fi
done

mount --bind "$root" "$root" # its own mount, as iproute2 wants of a root that it makes namespaces in
mount -t proc proc "$root/proc"
mount --bind /sys "$root/sys"
mount --bind /dev "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o size=50% tmpfs "$root/dev/shm"
mount --bind "$cache/debs-$suite" "$root/var/cache/apt/archives"

mkdir -p "$root$home"
if [ $source = HEAD ]; then
    our_git archive HEAD | tar -C "$root$home" -xf -
    say "source: $(our_git log -1 --format='%h %s')"
else
    our_git ls-files -co --exclude-standard | while IFS= read -r file; do
        if [ -e "$file" ]; then printf '%s\n' "$file"; fi
    done | tar -cf - -T - | tar -C "$root$home" -xf -
    say "source: the working tree on top of $(our_git log -1 --format=%h)"
fi
for node in /dev/shm /dev/fuse /dev/net/tun /dev/loop-control /dev/kvm; do
    if [ -e "$root$node" ]; then say "$node: there"; else say "$node: not there"; fi
done

status=0
for command in $commands; do
    say "$suite: $command"
    start=$(date +%s)
    result=0
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 CI=true \
        ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
        ${no_proxy:+"no_proxy=$no_proxy"} \
        chroot "$root" sh -c "cd $home && exec $command" </dev/null || result=$?
    say "$suite: $command: exit status $result after $(($(date +%s) - start)) s"
    [ $result -eq 0 ] || status=$result
done
exit $status
