#!/bin/sh
# modelops @VERSION@ for Linux on @MACHINE@, whatever C library the system has. This file is a
# script with an archive behind it: Deno, the loader and libraries it needs, and the program. They
# are unpacked once into the user's cache, and compared with their digests.
sums=@SUMS@
archive_at=@ARCHIVE_AT@
size_mib=@SIZE_MIB@

name=${0##*/}
case $name in modctl | modelops-bundles) ;; *) name=modelops ;; esac

if [ "${XDG_CACHE_HOME#/}" != "${XDG_CACHE_HOME-}" ]; then cache=$XDG_CACHE_HOME
elif [ -n "${HOME-}" ]; then cache=${HOME%/}/.cache
else cache=${TMPDIR:-/tmp}/.cache-$(id -u); fi
home=$cache/modelops/portable
place=$home/@PLACE@

fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 3
}

elsewhere="name another folder: XDG_CACHE_HOME=/path/to/folder $name …"

# What programs say of what is not there is caught: there may be no /dev/null.

# Sizes and times of all that was unpacked: they change with every file that does.
facts() { stat -c '%s %Y %Z' "$1"/* 2>&1; }

# Whether the files of a folder are those that this script was made with.
is_right() (
  [ -f "$1/SUMS" ] && cd "$1" || exit 1
  case $(sha256sum SUMS 2>&1) in "$sums "*) ;; *) exit 1 ;; esac
  said=$(sha256sum -c SUMS 2>&1)
)

# Puts right files where wrong ones or none are. Each gets its name whole, so that whoever starts
# at the same time, or runs already, never reads a part of one.
unpack() {
  machine=$(uname -m)
  [ "$machine" = @MACHINE@ ] ||
    fail "Cannot run on $machine: this file is for @MACHINE@" "get the file for $machine"
  new=$(mktemp -d "$home/.new-XXXXXX" 2>&1) ||
    fail "Cannot write to $home: $new" "$elsewhere"
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT TERM HUP
  said=$(tail -c "+$archive_at" "$0" 2>&1 | tar -xzf - -C "$new" 2>&1) ||
    fail "Cannot unpack $0 into $home, which takes $size_mib MiB: $said" \
      "free some space, or get the file again, or $elsewhere"
  is_right "$new" ||
    fail "Cannot unpack $0: it is damaged" "get it again, and compare its digest"
  said=$({ mkdir -p "$place" && mv -f "$new"/* "$place"/; } 2>&1) ||
    fail "Cannot write to $place: $said" "$elsewhere"
}

prepare() (
  umask 077
  said=$(mkdir -p "$home" 2>&1) || fail "Cannot make $home: $said" "$elsewhere"
  { [ -O "$home" ] && [ ! -L "$home" ]; } ||
    fail "Cannot use $home: it is somebody else's" "$elsewhere"
  # What a killed start left behind.
  said=$(find "$home" -maxdepth 1 -name '.new-*' -mtime +0 -exec rm -rf {} + 2>&1)
  is_right "$place" || (unpack) || exit
  # Where nothing can be written, everything is compared at each start.
  said=$({ facts "$place" >"$place.new-$$" && mv -f "$place.new-$$" "$place.facts"; } 2>&1)
  exit 0
)

{ [ -O "$place" ] && [ -f "$place.facts" ] && [ "$(facts "$place")" = "$(cat "$place.facts")" ]; } ||
  prepare || exit

unset LD_PRELOAD
export DENO_NO_UPDATE_CHECK=1
exec "$place/$name" --argv0 "$name" --library-path "$place" "$place/deno" @RUN@ "$place/@ENTRY@" "$@"
exit
