#!/bin/sh
# Builds the shim the same way to the last byte wherever the same compiler is.
#   native/build.sh [<output directory>] [x64|arm64 …]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/bin}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- x64 arm64
mkdir -p "$output"
output=$(cd "$output" && pwd)
cd "$here"
sources='main.c launch.c run.c start.c adopt.c hear.c sender.c socket.c said.c child.c clone.c output.c logfile.c fact.c records.c text.c keep.c'
flags='-std=c11 -D_GNU_SOURCE -Os -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Werror -static -no-pie -fno-pie
  -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-stack-protector -fno-ident -ffunction-sections -fdata-sections
  -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro -s'

for platform in "$@"; do
  case $platform in
    x64) musl-gcc $flags $sources -o "$output/shim-x64" ;;
    arm64)
      root=/usr/lib/aarch64-linux-musl
      include=/usr/include/aarch64-linux-musl
      runtime=$(aarch64-linux-gnu-gcc -print-libgcc-file-name)
      aarch64-linux-gnu-gcc $flags -mno-outline-atomics -nostdinc -isystem "$include" \
        -isystem "$(aarch64-linux-gnu-gcc -print-file-name=include)" -nostdlib $root/crt1.o $root/crti.o $sources \
        -Wl,--start-group $root/libc.a "$runtime" -Wl,--end-group $root/crtn.o -o "$output/shim-arm64" ;;
    *) echo "cannot build the shim for $platform: the platforms are x64 and arm64" >&2; exit 2 ;;
  esac
done
