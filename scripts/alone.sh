#!/bin/sh
# Refuses to stay beside another plugin of the same name.
#
# Helm checks nothing when it installs, but while two plugins in one folder share a name it loads
# none at all, of no kind, and 'helm plugin uninstall' fails as well. A hook that merely fails would
# leave the folder in that state, so this one takes its own plugin out again before it fails: what Helm
# has just put there, and nothing that may be somebody's work.
set -eu

here=${HELM_PLUGIN_DIR:?is set by Helm for its hooks}
# With a slash at its end, a link would be taken for the folder behind it.
while :; do
    case $here in
        ?*/) here=${here%/} ;;
        ?*/.) here=${here%/.} ;;
        *) break ;;
    esac
done
plugins=$(dirname -- "$here")

# Started by hand inside another plugin, the variable names that plugin, which is not ours to judge.
own=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
[ "$(CDPATH='' cd -- "$here" && pwd -P)" = "$own" ] || exit 0

name_of() {
    sed -n 's/^name:[[:space:]]*["'\'']*\([A-Za-z0-9_-]*\).*/\1/p' "$1"
}

say() {
    printf '%s\n' "$*" >&2
}

same_folder() {
    [ -d "$1" ] && [ "$(CDPATH='' cd -- "$1" && pwd -P)" = "$(CDPATH='' cd -- "$2" && pwd -P)" ]
}

# Whether Helm keeps its plugins in the folder $1.
is_helms() {
    rest=${HELM_DATA_HOME:+$HELM_DATA_HOME/plugins:}${HELM_PLUGINS:-}:
    while [ -n "$rest" ]; do
        one=${rest%%:*}
        rest=${rest#*:}
        [ -z "$one" ] || ! same_folder "$one" "$1" || return 0
    done
    return 1
}

# Whether the clone $1 holds nothing that its origin has not got.
is_clean() {
    command -v git >/dev/null 2>&1 || return 1
    changes=$(git -C "$1" status --porcelain 2>/dev/null) || return 1
    commits=$(git -C "$1" log --oneline --max-count 1 --branches HEAD --not --remotes --tags 2>/dev/null) || return 1
    [ -z "$changes$commits" ] && ! git -C "$1" rev-parse --quiet --verify refs/stash >/dev/null 2>&1
}

# Takes the plugin out of Helm's folder, if that is safe.
take_out() {
    if [ -L "$here" ]; then
        # From a local folder: a link to it, which is all that Helm has made.
        rm -f -- "$here"
    elif ! is_helms "$plugins" || { [ -e "$here/.git" ] && ! is_clean "$here"; }; then
        return 1
    else
        # From elsewhere: a copy that Helm has just made.
        rm -rf -- "$here"
    fi
}

name=$(name_of "$here/plugin.yaml")
for manifest in "$plugins"/*/plugin.yaml; do
    other=$(dirname -- "$manifest")
    [ -f "$manifest" ] || continue
    [ "${other##*/}" != "${here##*/}" ] || continue
    [ "$(name_of "$manifest")" = "$name" ] || continue

    hint="remove it first: helm plugin uninstall $name"
    if grep -q '^type: postrenderer/v1' "$here/plugin.yaml" && [ -f "$other/helm4/$name/plugin.yaml" ]; then
        hint="it has this post-renderer with it: use 'helm $name upgrade'"
    fi
    why="$other is a plugin of the same name, and Helm loads no plugin while there are two"
    if take_out; then
        say "$name: not installed: $why; $hint"
    else
        say "$name: $why; $here may hold work of yours and was left where it is: move it away, or $hint"
    fi
    exit 1
done
