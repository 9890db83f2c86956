#!/bin/sh
# Install and update hook of the Helm plugin: puts the binary into bin/.
#
# The first of these that is there is taken:
#   1. the binary that is in bin/ already, if it has the plugin's version
#   2. $CONNECT_MIGRATE_BIN, a binary or a release archive (for machines without a network)
#   3. the release archive for this platform, from $CONNECT_MIGRATE_DOWNLOAD_URL or from the releases
#      of the repository that the plugin was cloned from; its SHA-256 must be in SHA256SUMS beside it
#   4. cargo build --release --locked
# Whatever was obtained but is not right (checksum, version) is an error: nothing is tried after it.
# Downloads are by https alone, behind redirects too; a user or token in a URL is used and not shown.
# No tracked file is touched, or 'helm plugin update' would refuse the folder as modified.
set -eu

plugin=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=$(sed -n 's/^version:[[:space:]]*//p' "$plugin/plugin.yaml" | tr -d '"\r')

case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    MINGW* | MSYS* | CYGWIN*) os=windows ;;
    *) os=$(uname -s | tr '[:upper:]' '[:lower:]') ;;
esac
case $(uname -m) in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) arch=$(uname -m) ;;
esac
# Alpine and its like have another C library, and a build of their own.
if [ "$os" = linux ]; then
    for loader in /lib/ld-musl-*.so.1; do
        [ ! -e "$loader" ] || [ -e /lib64/ld-linux-x86-64.so.2 ] || [ -e /lib/ld-linux-aarch64.so.1 ] ||
            arch=$arch-musl
    done
fi
binary=helm-connect-migrate
[ "$os" != windows ] || binary=helm-connect-migrate.exe

scratch=
trap '[ -z "$scratch" ] || rm -rf -- "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

say() {
    printf 'connect-migrate: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

# Whether the file $1 runs here and is the plugin's version.
is_ours() {
    [ -f "$1" ] && [ "$("$1" --version 2>/dev/null | tr -d '\r')" = "helm-connect-migrate $version" ]
}

# Fails where the file $1, which came from $2, cannot be run on this machine, and says why not.
runs_here() {
    status=0
    said=$("$1" --version 2>&1 >/dev/null) || status=$?
    [ "$status" -ne 0 ] || return 0
    lacks=$(printf '%s\n' "$said" | sed -n "s/.*version [\`']\([A-Z]*_[0-9.]*\)' not found.*/\1/p" | sort -u | tr '\n' ' ')
    if [ -n "$lacks" ]; then
        why="${lacks% } not found: this system's C library is older than the one it was built for"
    elif [ "$status" -eq 127 ]; then
        why="its program loader is not there: it was built for another C library (on Alpine, take the musl archive)"
    elif [ "$status" -eq 126 ]; then
        why="it is for another system or processor than $os/$arch"
    else
        why=$(printf '%s' "$said" | head -n 1 | tr -d '[:cntrl:]')
        why="it ends with code $status${why:+: $why}"
    fi
    fail "$2 does not run here: $why; nothing was installed. A build from source runs: cargo build --release --locked, then set CONNECT_MIGRATE_BIN to target/release/$binary"
}

# Puts the file $1, which came from $2, into bin/ in one step, so that no half of it is ever run.
put() {
    # Copied first: the file may lie where nothing may be executed, or lack the right to be.
    [ "$1" = "$scratch/ready" ] || cp -- "$1" "$scratch/ready"
    chmod 755 "$scratch/ready"
    runs_here "$scratch/ready" "$2"
    is_ours "$scratch/ready" ||
        fail "$2 is not helm-connect-migrate $version for $os/$arch; nothing was installed"
    mv -f -- "$scratch/ready" "$plugin/bin/$binary"
    say "installed $version from $2"
}

# Takes the binary out of the release archive $1, which came from $2.
put_from_archive() {
    mkdir "$scratch/archive"
    # Through a pipe, since GNU tar takes a colon in a file name for a host.
    gzip -dc <"$1" 2>/dev/null | tar -xf - -C "$scratch/archive" 2>/dev/null ||
        fail "$2 is not a .tar.gz archive; nothing was installed"
    for file in "$scratch/archive/bin/$binary" "$scratch/archive"/*/bin/"$binary"; do
        if [ -f "$file" ]; then
            put "$file" "$2"
            return
        fi
    done
    fail "$2 has no bin/$binary in it; nothing was installed"
}

# A URL as it may be shown: without user, password or token.
shown() {
    printf '%s\n' "$1" | sed -e 's|://[^/]*@|://|' -e 's|[?#].*$||'
}

# Fetches the URL $1 into the file $2. URLs go by standard input: everybody may read arguments.
fetch() {
    if command -v curl >/dev/null 2>&1; then
        quoted=$(printf '%s\n' "$1" | sed 's/[\\"]/\\&/g')
        printf 'url = "%s"\n' "$quoted" |
            curl --fail --silent --location --proto '=https' --proto-redir '=https' \
                --connect-timeout 20 --retry 2 --output "$2" --config -
    elif wget --version 2>/dev/null | grep -q '^GNU Wget'; then
        wget_by_https "$1" "$2"
    elif command -v wget >/dev/null 2>&1; then
        fail "this wget does not check certificates; install curl or GNU Wget, or set CONNECT_MIGRATE_BIN"
    else
        return 1
    fi
}

# GNU Wget would follow a redirect to http, so it follows none, and we do.
wget_by_https() {
    next=$1
    for _ in 1 2 3 4 5 6; do
        if printf '%s\n' "$next" | wget --no-verbose --server-response --max-redirect=0 \
            -T 20 -t 3 -O "$2" -i - 2>"$scratch/headers"; then
            return 0
        fi
        to=$(sed -n 's/^ *[Ll]ocation: *\([^ ]*\).*/\1/p' "$scratch/headers" | tr -d '\r' | head -n 1)
        case $to in
            https://*) next=$to ;;
            //*) next=https:$to ;;
            /*) next=$(printf '%s\n' "$next" | sed 's|^\(https://[^/]*\).*|\1|')$to ;;
            *) return 1 ;;
        esac
    done
    return 1
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum <"$1"
    elif command -v shasum >/dev/null 2>&1; then
        shasum -a 256 <"$1"
    else
        openssl dgst -sha256 -r <"$1"
    fi | cut -d ' ' -f 1
}

# Where release archives are: said by the user, or beside the repository this is a clone of.
release_url() {
    if [ -n "${CONNECT_MIGRATE_DOWNLOAD_URL:-}" ]; then
        case $CONNECT_MIGRATE_DOWNLOAD_URL in
            https://*) printf '%s\n' "${CONNECT_MIGRATE_DOWNLOAD_URL%/}" ;;
            *) fail "CONNECT_MIGRATE_DOWNLOAD_URL must begin with https://; nothing was installed" ;;
        esac
        return
    fi
    # Only the plugin's own repository: git would also find one in a folder above.
    [ -e "$plugin/.git" ] && command -v git >/dev/null 2>&1 || return 0
    origin=$(git -C "$plugin" config --get remote.origin.url 2>/dev/null) || return 0
    origin=$(printf '%s\n' "$origin" | sed -e 's|^git@\([^:/]*\):|https://\1/|' \
        -e 's|^ssh://git@\([^:/]*\)/|https://\1/|' -e 's|/*$||' -e 's|\.git$||')
    case $origin in
        https://*) printf '%s/releases/download/v%s\n' "$origin" "$version" ;;
    esac
}

if [ -n "${HELM_PLUGIN_DIR:-}" ]; then
    sh "$plugin/scripts/alone.sh"
fi

if is_ours "$plugin/bin/$binary"; then
    exit 0
fi

mkdir -p "$plugin/bin"
scratch=$(mktemp -d "$plugin/bin/.install.XXXXXX")

if [ -n "${CONNECT_MIGRATE_BIN:-}" ]; then
    [ -f "$CONNECT_MIGRATE_BIN" ] ||
        fail "CONNECT_MIGRATE_BIN names no file: $CONNECT_MIGRATE_BIN; nothing was installed"
    case $CONNECT_MIGRATE_BIN in
        *.tar.gz | *.tgz) put_from_archive "$CONNECT_MIGRATE_BIN" "$CONNECT_MIGRATE_BIN" ;;
        *) put "$CONNECT_MIGRATE_BIN" "$CONNECT_MIGRATE_BIN" ;;
    esac
    exit 0
fi

archive="helm-connect-migrate-$version-$os-$arch.tar.gz"
url=$(release_url)
from=$(shown "$url")
if [ -z "$url" ]; then
    : # nowhere to ask
elif ! fetch "$url/$archive" "$scratch/$archive"; then
    say "$from/$archive cannot be had"
else
    fetch "$url/SHA256SUMS" "$scratch/SHA256SUMS" ||
        fail "$from/SHA256SUMS cannot be had, so $archive cannot be checked; nothing was installed"
    expected=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$scratch/SHA256SUMS")
    [ -n "$expected" ] ||
        fail "$from/SHA256SUMS has no checksum for $archive; nothing was installed"
    actual=$(sha256 "$scratch/$archive")
    [ "$actual" = "$expected" ] ||
        fail "$from/$archive has SHA-256 ${actual:-unknown}, but SHA256SUMS says $expected; nothing was installed"
    put_from_archive "$scratch/$archive" "$from/$archive"
    exit 0
fi

if [ -f "$plugin/Cargo.toml" ] && command -v cargo >/dev/null 2>&1; then
    say "building $version for $os/$arch with cargo, which takes some minutes"
    # A developer's target folder is used again; a user's plugin folder keeps nothing but the binary.
    target=$scratch/target
    [ ! -d "$plugin/target" ] || target=$plugin/target
    unset CARGO_BUILD_TARGET
    if cargo build --release --locked --manifest-path "$plugin/Cargo.toml" --target-dir "$target" >&2; then
        put "$target/release/$binary" "cargo build"
        exit 0
    fi
fi

fail "no binary for $os/$arch: set CONNECT_MIGRATE_BIN to helm-connect-migrate $version (the file or its release archive) or install cargo, then 'helm plugin uninstall connect-migrate' and install again"
