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

# Puts the file $1, which came from $2, into bin/ in one step, so that no half of it is ever run.
put() {
    # Copied first: the file may lie where nothing may be executed, or lack the right to be.
    [ "$1" = "$scratch/ready" ] || cp -- "$1" "$scratch/ready"
    chmod 755 "$scratch/ready"
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

# Fetches the URL $1 into the file $2.
fetch() {
    if command -v curl >/dev/null 2>&1; then
        curl --fail --silent --location --proto-redir '=https' --connect-timeout 20 --retry 2 \
            --output "$2" -- "$1"
    elif command -v wget >/dev/null 2>&1; then
        wget -q -T 20 -t 3 -O "$2" -- "$1"
    else
        return 1
    fi
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
        printf '%s\n' "${CONNECT_MIGRATE_DOWNLOAD_URL%/}"
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
if [ -z "$url" ]; then
    : # nowhere to ask
elif ! fetch "$url/$archive" "$scratch/$archive"; then
    say "$url/$archive cannot be had"
else
    fetch "$url/SHA256SUMS" "$scratch/SHA256SUMS" ||
        fail "$url/SHA256SUMS cannot be had, so $archive cannot be checked; nothing was installed"
    expected=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$scratch/SHA256SUMS")
    [ -n "$expected" ] ||
        fail "$url/SHA256SUMS has no checksum for $archive; nothing was installed"
    actual=$(sha256 "$scratch/$archive")
    [ "$actual" = "$expected" ] ||
        fail "$url/$archive has SHA-256 ${actual:-unknown}, but SHA256SUMS says $expected; nothing was installed"
    put_from_archive "$scratch/$archive" "$url/$archive"
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
