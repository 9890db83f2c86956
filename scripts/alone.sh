#!/bin/sh
# Refuses to stay beside another plugin of the same name.
#
# Helm checks nothing when it installs, but while two plugins in one folder share a name it loads
# none at all, of no kind, and 'helm plugin uninstall' fails as well. A hook that merely fails would
# leave the folder in that state, so this one takes its own plugin out again before it fails.
set -eu

here=${HELM_PLUGIN_DIR:?is set by Helm for its hooks}
plugins=$(dirname -- "$here")

# Started by hand inside another plugin, the variable names that plugin, which is not ours to judge.
own=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
[ "$(CDPATH='' cd -- "$here" && pwd -P)" = "$own" ] || exit 0

name_of() {
    sed -n 's/^name:[[:space:]]*["'\'']*\([A-Za-z0-9_-]*\).*/\1/p' "$1"
}

name=$(name_of "$here/plugin.yaml")
for manifest in "$plugins"/*/plugin.yaml; do
    other=$(dirname -- "$manifest")
    [ -f "$manifest" ] || continue
    [ "$(basename -- "$other")" != "$(basename -- "$here")" ] || continue
    [ "$(name_of "$manifest")" = "$name" ] || continue

    hint="remove it first: helm plugin uninstall $name"
    if grep -q '^type: postrenderer/v1' "$here/plugin.yaml" && [ -f "$other/helm4/$name/plugin.yaml" ]; then
        hint="it has this post-renderer with it: use 'helm $name upgrade'"
    fi
    # A plugin from a local folder is a link to it; from elsewhere, a copy that Helm has just made.
    if [ -L "$here" ]; then
        rm -f -- "$here"
    else
        rm -rf -- "$here"
    fi
    printf '%s: not installed: %s is a plugin of the same name, and Helm loads no plugin while there are two; %s\n' \
        "$name" "$other" "$hint" >&2
    exit 1
done
