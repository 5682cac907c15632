#!/bin/sh
# Installs modelops from its releases, without root; --help says how. A release writes its own
# address into this file, so that nobody has to name it.
set -eu

releases=${MODELOPS_RELEASES:-}
names="modelops modctl modelops-bundles"

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

usage() {
  cat <<'END'
Usage: sh install.sh [--prefix FOLDER] [--version VERSION]
       sh install.sh --uninstall [--prefix FOLDER]

Puts modelops, modctl and modelops-bundles into FOLDER/bin, and their manual pages into
FOLDER/share/man. FOLDER is ~/.local when nothing is said; nothing is written outside of it.
What is fetched is compared with the SHA-256 sums of the release first.

MODELOPS_RELEASES names the address of the releases: what follows it is
/latest/download/FILE, or /download/vVERSION/FILE.
END
}

# The value of a flag that has to have one.
value_of() {
  [ "$2" -ge 2 ] || fail "$1 needs a value" 2
}

prefix=${HOME:-}/.local
version=latest
action=install
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) value_of "$1" $#; prefix=$2; shift 2 ;;
    --prefix=*) prefix=${1#*=}; shift ;;
    --version) value_of "$1" $#; version=${2#v}; shift 2 ;;
    --version=*) version=${1#*=}; version=${version#v}; shift ;;
    --uninstall) action=uninstall; shift ;;
    -h | --help) usage; exit 0 ;;
    *) fail "cannot use \"$1\": want --prefix, --version, --uninstall or --help" 2 ;;
  esac
done
case $prefix in
  /.local) fail "HOME is not set: name a folder with --prefix" 2 ;;
  /*) ;;
  *) prefix=$(pwd)/$prefix ;;
esac
bin=$prefix/bin
man=$prefix/share/man/man1
# Every file that was written, a line each: what is not in it is not ours to remove.
receipt=$prefix/share/modelops/installed

uninstall() {
  [ -f "$receipt" ] || fail "nothing was installed by this script below $prefix"
  while IFS= read -r path; do
    case $path in
      "$bin"/* | "$man"/*) rm -f "$path" && printf 'removed %s\n' "$path" ;;
    esac
  done <"$receipt"
  rm -f "$receipt"
  rmdir "$prefix/share/modelops" 2>/dev/null || true
}

platform() {
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) fail "there is no program for $(uname -s): see the README for other ways to run it" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) machine=amd64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) fail "there is no program for $(uname -m): see the README for other ways to run it" ;;
  esac
  printf '%s-%s' "$system" "$machine"
}

# Writes what an address has into a file.
download() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --retry 3 --output "$2" "$1" ||
      fail "cannot fetch $1"
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "$1" || fail "cannot fetch $1"
  else
    fail "curl or wget is needed"
  fi
}

sum_of() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$1"
  elif command -v shasum >/dev/null; then
    shasum -a 256 "$1"
  else
    fail "sha256sum or shasum is needed"
  fi | cut -d ' ' -f 1
}

# Fetches a file of the release and compares it with the sums of the release.
fetch() {
  expected=$(sed -n "s/^\([0-9a-f]\{64\}\)  $1\$/\1/p" "$scratch/SHA256SUMS")
  [ -n "$expected" ] || fail "the release has no $1"
  download "$base/$1" "$scratch/$1"
  found=$(sum_of "$scratch/$1")
  [ "$found" = "$expected" ] ||
    fail "$1 is damaged: its SHA-256 is $found, the release says $expected" 5
}

# Puts a file in its place, whole or not at all. It is noted first: a run that is stopped leaves
# nothing that --uninstall does not find.
place() {
  grep -qxF "$2" "$receipt" || printf '%s\n' "$2" >>"$receipt"
  cp "$1" "$2.new.$$"
  chmod "$3" "$2.new.$$"
  mv -f "$2.new.$$" "$2"
  printf 'wrote %s\n' "$2"
}

install() {
  [ -n "$releases" ] || fail "set MODELOPS_RELEASES to the address of the releases" 2
  case $version in
    latest) base=$releases/latest/download ;;
    *) base=$releases/download/v$version ;;
  esac
  archive=modelops-$(platform).tar.gz
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  download "$base/SHA256SUMS" "$scratch/SHA256SUMS"
  fetch "$archive"
  tar -xzf "$scratch/$archive" -C "$scratch" modelops || fail "$archive has no program in it" 5
  said=$("$scratch/modelops" version) || fail "the program of this release does not run here"
  mkdir -p "$bin" "$man" "$prefix/share/modelops"
  touch "$receipt"
  for name in $names; do place "$scratch/modelops" "$bin/$name" 755; done
  if grep -q '  modelops-man.tar.gz$' "$scratch/SHA256SUMS"; then
    fetch modelops-man.tar.gz
    mkdir "$scratch/pages"
    tar -xzf "$scratch/modelops-man.tar.gz" -C "$scratch/pages"
    for page in "$scratch"/pages/*.1; do place "$page" "$man/${page##*/}" 644; done
  fi
  printf '%s\n' "$said"
  case :${PATH:-}: in
    *:"$bin":*) ;;
    *) printf 'hint: export PATH="%s:$PATH"\n' "$bin" >&2 ;;
  esac
}

$action
