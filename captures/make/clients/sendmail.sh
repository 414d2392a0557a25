#!/bin/bash
# sendmail that sends to port 22526, with a configuration of its own: sendmail.sh FOLDER ARGUMENT...
#
# It conflicts with Postfix and Exim as a package, so it is unpacked into FOLDER. Needs root, for a host name of its own.
set -euo pipefail

folder=$1/sendmail
shift
if [ ! -e "$folder/client.cf" ]; then (
    mkdir -p "$folder/queue"
    cd "$folder"
    apt-get -q download sendmail-bin sendmail-base sendmail-cf >/dev/null 2>&1
    for package in *.deb; do dpkg -x "$package" unpacked; done
    cp unpacked/usr/libexec/sendmail/sendmail .
    touch names
    cat >client.mc <<END
OSTYPE(\`linux')
define(\`QUEUE_DIR', \`$folder/queue')
define(\`confCW_FILE', \`-o $folder/names')
define(\`confPID_FILE', \`$folder/pid')
define(\`confDOMAIN_NAME', \`client.test')
define(\`confDONT_PROBE_INTERFACES', \`true')
define(\`confDELIVERY_MODE', \`interactive')
define(\`SMART_HOST', \`esmtp:[127.0.0.1]')
define(\`ESMTP_MAILER_ARGS', \`TCP \$h 22526')
define(\`confDONT_BLAME_SENDMAIL', \`GroupWritableDirPathSafe,AssumeSafeChown')
undefine(\`ALIAS_FILE')
undefine(\`STATUS_FILE')
FEATURE(\`nocanonify')
FEATURE(\`accept_unresolvable_domains')
FEATURE(\`promiscuous_relay')
MAILER(\`smtp')
END
    m4 -D_CF_DIR_="$PWD/unpacked/usr/share/sendmail/cf/" unpacked/usr/share/sendmail/cf/m4/cf.m4 client.mc >client.cf 2>/dev/null
) fi
# A host name with a dot in it, or sendmail waits a minute for one.
exec unshare --uts sh -c 'hostname client.test; exec "$@"' sh "$folder/sendmail" -C "$folder/client.cf" "$@"
