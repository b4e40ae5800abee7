# SPDX-License-Identifier: MIT

# The story that contrib/quickstart --tour plays. Sourced by it, with tacit and tacitd on PATH.
#
# As root there are three people: root, who keeps the store, alice (uid 1001), who reads, and bob (uid 1002), who writes. They need
# no account. Anybody else plays all three alone.

tell() {
  printf '\n%s\n\n' "$1"
  said=
}

# Runs a command as somebody, in the mount if there is one, and leaves what it printed in $said.
play() {
  local who=$1 command=$2 change=()
  [ "$who" = root ] || [ "$(id -u)" -ne 0 ] || change=(setpriv "--reuid=${uids[$who]}" "--regid=${uids[$who]}" --clear-groups --)
  [ "$(id -u)" -eq 0 ] || who=$(id -un)
  [ -z "$said" ] || echo
  printf '%s$ %s\n' "$who" "$command" | sed 's/^/  /'
  said=$(cd "$here" && timeout 60 "${change[@]}" env HOME=/nonexistent LC_ALL=C bash -c "$command" 2>&1 </dev/null) && status=0 || status=$?
  said=${said#bash: line 1: }
  [ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/  /'
  commands=$((commands + 1))
}

# does WHO COMMAND [OUTPUT]: it must succeed, and print what matches.
does() {
  play "$1" "$2"
  [ "$status" -eq 0 ] || broken "it ended with $status"
  # shellcheck disable=SC2053  # a pattern
  [ $# -lt 3 ] || [[ $said == $3 ]] || broken "it should have printed: $3"
}

# may_not WHO COMMAND ERROR: it must fail, with this error.
may_not() {
  play "$1" "$2"
  [ "$status" -ne 0 ] || broken "it should have been refused"
  [[ $said == *"$3"* ]] || broken "it should have failed with: $3"
}

broken() {
  printf '\nThe tour ends here: %s\n' "$1" >&2
  exit 1
}

# Takes away all that the tour has made, whatever happened.
clean_up() {
  cd /
  if grep -q " $place/secrets " /proc/self/mounts; then
    if [ "$(id -u)" -eq 0 ]; then umount -l "$place/secrets"; else fusermount3 -uz "$place/secrets"; fi
    await_end
  fi
  rm -rf --one-file-system "$place"
}

# A daemon whose mount is gone ends by itself. Its socket goes last.
await_end() {
  for _ in $(seq 100); do
    [ -S "$place/tacit.sock" ] || return 0
    sleep 0.1
  done
}

tour() {
  declare -gA uids=([alice]=1001 [bob]=1002)
  declare -g here place said='' status=0 commands=0 together=false
  declare -g reader=1001 writer=1002
  if [ "$(id -u)" -eq 0 ]; then together=true; else reader=$(id -u) writer=$reader; fi
  place=$(mktemp -d)
  here=$place
  trap clean_up EXIT
  trap 'exit 130' INT TERM
  # Others pass, to programs of their own: a build folder may be closed to them.
  chmod 711 "$place"
  mkdir "$place/bin" "$place/secrets"
  chmod 755 "$place/bin"
  install -m 755 "$(command -v tacit)" "$(command -v tacitd)" "$place/bin"
  export PATH=$place/bin:$PATH TACIT_SOCKET=$place/tacit.sock

  begin
  share
  edit
  lock_up
  look_back
  printf '\n%s\n' "Done: $commands commands, and each did what it says."
}

begin() {
  tell "A store is one encrypted file. Its root key lies elsewhere: whoever has only the store has nothing."
  does root "tacit init --store tacit.db --key-file root.key"
  tell "tacitd shows what is in the store as files, and goes to the background."
  does root "tacitd --store tacit.db --key-file root.key --socket tacit.sock --audit audit.log secrets"
  here=$place/secrets
  tell "An organization, a project and a secret are folders. A secret has variables and files, and env is all its variables."
  does root "mkdir -p acme/web/db" ""
  does root "ls acme/web/db" $'env\nfiles\nvars'
  tell "Writing is just writing."
  does root "echo 's3cret' > acme/web/db/vars/PASSWORD" ""
  does root "echo 'host db1' > ../db.conf; cp ../db.conf acme/web/db/files/" ""
  does root "ls -l acme/web/db/vars acme/web/db/files" "*db.conf*PASSWORD*"
  tell "Who writes can't read for that, not even root: a backup or a search gets nothing."
  may_not root "cat acme/web/db/vars/PASSWORD" "Permission denied"
}

share() {
  if $together; then
    tell "alice may read, bob may write. Rights are granted to users and groups, on anything, for all that is below."
    does root "tacit grant acme/web/db $reader read; tacit grant acme/web/db $writer write" ""
  else
    tell "Reading is a right to be granted, to oneself too."
    does root "tacit grant acme/web/db $reader read" ""
  fi
  does root "ls -ld acme/web/db" "d?????????+*"
  does root "tacit acl acme/web/db" "*read*"
  does alice "cat acme/web/db/vars/PASSWORD" "s3cret"
  does alice "set -a; . acme/web/db/env; printenv PASSWORD" "s3cret"
  does alice "grep db1 acme/web/db/files/db.conf" "host db1"
  if $together; then
    may_not alice "echo mine > acme/web/db/vars/PASSWORD" "Permission denied"
    does bob "echo 'n3w' > acme/web/db/vars/PASSWORD" ""
    may_not bob "cat acme/web/db/vars/PASSWORD" "Permission denied"
    does alice "cat acme/web/db/vars/PASSWORD" "n3w"
    tell "Nobody else gets in at all. Why somebody may or may not, tacit says."
    may_not root "setpriv --reuid=1003 --regid=1003 --clear-groups ls acme" "Permission denied"
    does root "tacit why acme/web/db --as $reader" "*read*yes*"
  else
    does bob "echo 'n3w' > acme/web/db/vars/PASSWORD" ""
  fi
  tell "In user/ everybody has secrets of their own, which nobody shares."
  does alice "mkdir user/mail; echo 'my own' > user/mail/vars/PASSWORD; cat user/mail/vars/PASSWORD" "my own"
  if $together; then may_not root "cat .users/1001/mail/vars/PASSWORD" "Permission denied"; fi
}

edit() {
  tell "env takes what it prints, and the dotenv files that people have. Writing it replaces all variables, appending adds."
  does bob "cat > acme/web/db/env <<'END'
# of the database
export USER=app
PASSWORD=\"it's new\"
END" ""
  does bob "echo 'HOST=db1' >> acme/web/db/env" ""
  does alice "cat acme/web/db/env" $'HOST=db1\nPASSWORD="it\'s new"\nUSER=app'
  tell "What can't be right is refused at once, and nothing changes. A command that prints nothing changes nothing either."
  may_not bob "echo 'no assignment' > acme/web/db/env" "Invalid argument"
  may_not bob "printf 'a\\0b' > acme/web/db/vars/PASSWORD" "Invalid argument"
  does bob "true > acme/web/db/vars/PASSWORD" ""
  does alice "cat acme/web/db/vars/PASSWORD" "it's new"
}

lock_up() {
  tell "Without the root key nobody can read. Writing goes on: it needs no key that can."
  does root "tacit lock" ""
  may_not alice "cat acme/web/db/vars/PASSWORD" "Required key not available"
  does bob "echo 'while locked' > acme/web/db/vars/PASSWORD" ""
  does root "tacit unlock" ""
  does alice "cat acme/web/db/vars/PASSWORD" "while locked"
}

look_back() {
  tell "Every value handed out, every change and every refusal is in the audit log, and no line can be changed unseen."
  does root "tacit audit | tail -n 3" "*open acme/web/db/vars/PASSWORD*"
  does root "tacit audit --verify" "*none changed*"
  tell "A right that is taken away is gone at the next open."
  does root "tacit revoke acme/web/db $reader read" ""
  may_not alice "cat acme/web/db/vars/PASSWORD" "Permission denied"
  tell "An unmount ends the daemon. In the store there is no value to be found."
  here=$place
  if $together; then does root "umount secrets" ""; else does root "fusermount3 -u secrets" ""; fi
  await_end
  does root "grep -c -e s3cret -e 'while locked' tacit.db audit.log || true" $'tacit.db:0\naudit.log:0'
}
