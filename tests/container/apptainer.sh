#!/bin/bash
# Runs apptainer as a user without rights inside the folder that apptainer_root.sh made.
#   apptainer.sh ROOT HOME_FOLDER words...   HOME_FOLDER is seen at the same path inside and is the working folder.
# Its root is changed by pivot_root, because apptainer refuses to start a container from inside a chroot; /dev is its own,
# because the machine's /dev/fuse may be root's alone.
set -euo pipefail
ROOT=${1:?root} FOLDER=$(realpath "${2:?folder}"); shift 2
exec unshare -m --propagation private bash -c '
  set -e
  root=$1 folder=$2; shift 2
  mount --bind "$root" "$root"; mount -t proc proc "$root/proc"; mount --rbind /sys "$root/sys"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  while read -r name major minor; do mknod -m 666 "$root/dev/$name" c "$major" "$minor"; done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
fuse 10 229
END
  mkdir "$root/dev/pts" "$root/dev/shm"; mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"; ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"; ln -s /proc/self/fd/1 "$root/dev/stdout"; ln -s /proc/self/fd/2 "$root/dev/stderr"
  for folder_ in dev/shm tmp run; do mount -t tmpfs -o mode=1777 tmpfs "$root/$folder_"; done
  mkdir -p "$root/$folder" "$root/.old"; mount --rbind "$folder" "$root/$folder"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  cd "$root"; pivot_root . .old; cd /; umount -l /.old; cd "$folder"
  exec setpriv --reuid hpc --regid hpc --init-groups env -i HOME=/home/hpc PATH=/usr/local/bin:/usr/bin:/bin \
    APPTAINER_TMPDIR="$folder" APPTAINER_CACHEDIR=/tmp/cache apptainer "$@"' sh "$ROOT" "$FOLDER" "$@"
