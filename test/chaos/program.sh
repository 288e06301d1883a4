# One life of a service that writes numbered lines: `sh program.sh <manner> <directory for its notes> <seed>`.
# A line is "<generation> <number>", counted from 1; a generation begins with an empty line and "<generation> 0", so that a
# line that a signal cut short is seen. What it knows of itself is noted before it happens: `starts` holds
# "<generation>", `ends` "<generation> <lines> code <n>" or "<generation> <lines> signal <name>".
manner=$1 notes=$2 seed=$3
ulimit -c 0
output=$(readlink /proc/$$/fd/1)
generation=${output%/*}
generation=${generation##*/}
echo "$generation" >>"$notes/starts"

roll() { # a number below $1, in $rolled
  seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
  rolled=$(((seed >> 8) % $1))
}
seed=$(((seed * 31 + generation) & 0x7fffffff))
roll 1000
roll 6
if [ "$rolled" = 0 ]; then setsid sleep 100 & fi

begin() { printf '\n%s 0\n' "$generation"; }
line_by_line() {
  number=1
  while [ "$number" -le "$1" ]; do
    printf '%s %s\n' "$generation" "$number"
    number=$((number + 1))
  done
}
begin
case $manner in
  blocks)
    roll 150000
    lines=$rolled
    seq -f "$generation %.0f" 1 "$lines" | dd bs=65536 iflag=fullblock status=none
    ;;
  pages)
    roll 50000
    lines=$rolled
    seq -f "$generation %.0f" 1 "$lines"
    ;;
  lines)
    roll 20000
    lines=$rolled
    line_by_line "$lines"
    ;;
  both)
    roll 5000
    lines=$rolled
    begin >&2
    number=1
    while [ "$number" -le "$lines" ]; do
      printf '%s %s\n' "$generation" "$number"
      printf '%s %s\n' "$generation" "$number" >&2
      number=$((number + 1))
    done
    ;;
  merged)
    roll 5000
    lines=$((rolled * 2))
    number=1
    while [ "$number" -le "$lines" ]; do
      printf '%s %s\n' "$generation" "$number"
      printf '%s %s\n' "$generation" $((number + 1)) >&2
      number=$((number + 2))
    done
    ;;
  slow)
    roll 60
    lines=$rolled
    number=1
    while [ "$number" -le "$lines" ]; do
      printf '%s %s\n' "$generation" "$number"
      sleep 0.02
      number=$((number + 1))
    done
    ;;
esac

# From here on an order to stop comes too late: what is noted is what happens.
trap '' TERM
roll 12
case $rolled in
  0) how="signal KILL" ;;
  1) how="signal SEGV" ;;
  2) how="signal ABRT" ;;
  3) how="signal USR1" ;;
  4) how="signal INT" ;;
  5) how="signal HUP" ;;
  6) how="code 0" ;;
  7) how="code 255" ;;
  *) how="code $rolled" ;;
esac
echo "$generation $lines $how" >>"$notes/ends"
case $how in
  signal*) kill "-${how#signal }" $$ ;;
  *) exit "${how#code }" ;;
esac
