# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# Reads the machine's own apt sources, both formats; sourced by bootstrap.sh and fresh.sh, which thus name no mirror.
# APT_DIR: the folder to read, /etc/apt unless set.

# apt_stanza SUITE NEW: prints the first enabled binary source of suite SUITE with NEW in its place, as a deb822 stanza.
# Fails when there is none.
apt_stanza()
{
    apt_dir=${APT_DIR:-/etc/apt}
    stanza=$(
        for file in "$apt_dir"/sources.list "$apt_dir"/sources.list.d/*.list; do
            if [ -r "$file" ]; then cat "$file"; echo; fi
        done | awk -v suite="$1" -v new="$2" '
            $1 == "deb" {
                sub(/#.*/, "")
                options = ""
                if (match($0, /\[[^]]*\]/)) {
                    options = substr($0, RSTART + 1, RLENGTH - 2)
                    $0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH)
                }
                if ($3 != suite) next
                printf "Types: deb\nURIs: %s\nSuites: %s\nComponents:", $2, new
                for (i = 4; i <= NF; i++) printf " %s", $i
                printf "\n"
                count = split(options, option, " ")
                for (i = 1; i <= count; i++) {
                    name = option[i]; sub(/=.*/, "", name)
                    value = option[i]; sub(/^[^=]*=/, "", value); gsub(/,/, " ", value)
                    if (name == "signed-by") print "Signed-By: " value
                    if (name == "trusted") print "Trusted: " value
                    if (name == "arch") print "Architectures: " value
                }
                exit
            }'
        for file in "$apt_dir"/sources.list.d/*.sources; do
            if [ -r "$file" ]; then grep -v '^#' "$file"; echo; fi
        done | awk -v suite="$1" -v new="$2" '
            BEGIN { RS = ""; FS = "\n" }
            {
                found = 0; binary = 0; enabled = 1; text = ""
                for (i = 1; i <= NF; i++) {
                    line = $i; name = tolower(line); sub(/:.*/, "", name)
                    value = line; sub(/^[^:]*:/, "", value)
                    if (name == "types" && (" " value " ") ~ / deb /) { binary = 1; line = "Types: deb" }
                    if (name == "enabled" && tolower(value) ~ /no|false|0/) enabled = 0
                    if (name == "suites") {
                        count = split(value, word, " ")
                        for (j = 1; j <= count; j++) if (word[j] == suite) found = 1
                        line = "Suites: " new
                    }
                    text = text line "\n"
                }
                if (found && binary && enabled) { printf "%s", text; exit }
            }'
    )
    [ -n "$stanza" ] || return 1
    # both formats may be in use: one stanza is enough
    printf '%s\n' "$stanza" | awk '/^Types:/ && seen++ { exit } { print }'
}

# apt_field NAME: prints that field of the stanza on standard input; nothing when it is not there.
apt_field()
{
    awk -v name="$1" 'tolower(substr($0, 1, length(name) + 1)) == tolower(name ":") {
        sub(/^[^:]*:[ \t]*/, ""); print; exit }'
}
