#!/bin/bash
# PuTTY's session log of a mail that somebody types: putty.sh FOLDER LOGTYPE PROTOCOL PASSIVE
#
# LOGTYPE: 1 is its "Printable output", 2 its "All session output". PASSIVE: 0 lets telnet negotiate at once.
set -euo pipefail

export HOME=$1/home DISPLAY=:77
mkdir -p "$HOME/.putty/sessions"
rm -f "$HOME/log"
cat >"$HOME/.putty/sessions/lab" <<END
LogType=$2
LogFileName=$HOME/log
LogFileClash=1
LogFlush=1
LogHeader=1
Present=1
HostName=127.0.0.1
PortNumber=22525
Protocol=$3
PassiveTelnet=$4
WarnOnClose=0
CloseOnExit=1
END
Xvfb $DISPLAY >"$HOME/xvfb" 2>&1 &
display=$!
trap 'kill $display' EXIT
sleep 2
putty -load lab &
sleep 2
xdotool windowfocus "$(xdotool search --onlyvisible --class putty | tail -1)"

keys() { xdotool type --delay 30 -- "$1"; }
line() { keys "$1"; xdotool key Return; sleep .7; }
erase() { xdotool key BackSpace; }

line 'EHLO client.test'
line 'EHLO client.test'
keys 'mail frrom'; erase; erase; erase; line 'om:<a@lab.test>'
line 'RCPT TO:<nobody@lab.test>'
line 'RCPT TO:<bob@lab.test>'
line 'DATA'
line 'Subject: x'
line ''
line 'hello'
line '.'
line 'QUIT'
wait %2 || true
cat "$HOME/log"
