# SPDX-License-Identifier: MIT
# For scripts that need packages of another Debian than this machine's, without touching its apt.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/etcd-registry-browser

# The archive that this machine's apt is set up with: where its own release's packages come from
debian_mirror() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT) $(CREATED_BY)' |
        awk -v own="$(. /etc/os-release && echo "$VERSION_CODENAME")" \
            '$2 == own && $3 == "main" && $4 == "Packages" { print $1; exit }'
}

# apt_of SUITE COMMAND...: apt-get with lists and packages of its own, in the cache
apt_of() {
    local suite=$1 folder=$cache/apt/$1 mirror
    shift
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || {
        echo "apt's sources name no archive of Debian." >&2
        return 1
    }
    mkdir -p "$folder"/{lists,archives}/partial
    : >"$folder/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
        >"$folder/sources.list"
    apt-get -qq -o Dir::State="$folder" -o Dir::State::status="$folder/status" \
        -o Dir::Cache="$folder" -o Dir::Etc::sourcelist="$folder/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::trusted=/dev/null \
        -o Dir::Etc::trustedparts=/dev/null -o APT::Default-Release= \
        -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}
