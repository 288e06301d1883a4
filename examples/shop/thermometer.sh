#!/bin/sh
# Watches how warm the tea store is. Every ten minutes the sun shines in; "muster signal USR1 thermometer" lets it shine now.
sun=""
ending=""
trap 'sun=yes' USR1
trap 'ending=yes' TERM
readings=0
echo "watching the tea store"
while [ -z "$ending" ]; do
  readings=$((readings + 1))
  [ $((readings % READINGS_TO_SUN)) -ne 0 ] || sun=yes
  shines=$sun
  sun=""
  degrees=$((18 + readings % 3))
  [ -z "$shines" ] || degrees=31
  echo "$degrees degrees"
  # A counter alone is a number to look at; with a message it is an alert. Every service finds "muster" in its PATH.
  if [ -z "$shines" ]; then
    muster notify alert --counter "degrees=$degrees"
  else
    muster notify alert --severity warn --counter "degrees=$degrees" "the tea store is too warm"
  fi
  # Second by second: a signal is heard when the command at hand has ended.
  seconds=0
  while [ "$seconds" -lt "$SECONDS_BETWEEN" ] && [ -z "$sun$ending" ]; do
    sleep 1
    seconds=$((seconds + 1))
  done
done
echo "got TERM, closing"
