# shellcheck shell=bash
# The Debian packages that sessiond is built and run with, their installation, and how it is built; sourced by deploy/up
# and Tests/run.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
BUILD_PACKAGES=(libargon2-dev libcrypt-dev libfcgi-dev libhiredis-dev libmimalloc-dev libpq-dev libssl-dev libunistring-dev
    nettle-dev zlib1g-dev pkg-config)
RUN_PACKAGES=(nginx-light spawn-fcgi postgresql)
# What deploy/package needs beside the first.
PACKAGE_PACKAGES=(build-essential debhelper dpkg-dev python3-minimal)

# How the program is built for use. The linker of Swift's toolchain packs relocations and folds equal code, which spares
# each worker 2 MiB of memory.
RELEASE_FLAGS=(-c release --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs
    -Xlinker --icf=safe --product sessiond)

# The newest PostgreSQL server of Debian's packages, nothing when there is none.
postgres_bin() {
    local found
    found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    if [ -x "$found" ]; then
        dirname "$found"
    fi
}

# Whether a package is there; any nginx and any PostgreSQL server will do.
has_package() {
    case $1 in
    nginx-light) command -v nginx >/dev/null ;;
    postgresql) [ -n "$(postgres_bin)" ] ;;
    *) [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == *'ok installed' ]] ;;
    esac
}

# Installs those of the named packages that are missing. Fails, with one line on standard error, where it cannot.
# Sets `installed` to the number of them.
install_packages() {
    local missing=() package sudo=()
    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done
    installed=${#missing[@]}
    [ "$installed" -gt 0 ] || return 0

    echo "Installing ${missing[*]} …"
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "${0##*/}: these packages are missing, and only root can install them: ${missing[*]}" >&2
            return 1
        fi
        sudo=(sudo)
    fi
    # Run level 1 is the plain way to ask that a new package does not start its service.
    # A fresh machine may be busy with its own upgrades: they are waited for.
    local command=("${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    local install=("${command[@]}" install -y --no-install-recommends "${missing[@]}")
    if ! "${install[@]}" >/dev/null 2>&1; then
        if ! { "${command[@]}" update && "${install[@]}"; } >/dev/null; then
            echo "${0##*/}: these packages could not be installed: ${missing[*]}" >&2
            return 1
        fi
    fi
}
