#!/bin/sh
# Sends the letters that the worker leaves in OUTBOX: it reads each aloud and files it.
pause=""
trap 'echo "got TERM, closing"; [ -z "$pause" ] || kill "$pause"; exit 0' TERM
sent="$OUTBOX/sent"
mkdir -p "$sent" || exit 1
echo "watching $OUTBOX"
while :; do
  for letter in "$OUTBOX"/*.letter; do
    [ -e "$letter" ] || continue
    echo "mail: $(cat "$letter")"
    mv "$letter" "$sent/"
  done
  # In the background, so that TERM is heard at once.
  sleep 1 &
  pause=$!
  wait "$pause"
done
