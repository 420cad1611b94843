#!/bin/bash
# A folder with Debian sid and apptainer, which bookworm does not have.   apptainer_root.sh ROOT   (as root)
set -euo pipefail
ROOT=${1:?folder}
[ -e "$ROOT/etc/hosts" ] && exit 0
rm -rf "$ROOT"
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | sort -u | head -1)}
mmdebstrap --variant=minbase --include=apptainer,ca-certificates,uidmap,squashfuse,passwd,util-linux \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
  --keyring=/usr/share/keyrings/debian-archive-keyring.gpg sid "$ROOT" "deb $mirror sid main"
chroot "$ROOT" useradd -m hpc  # a user without rights, as on a cluster
cp /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/ca-certificates.crt"
printf '127.0.0.1 localhost\n' > "$ROOT/etc/hosts"  # apptainer stops without it; made last, it says that all is done
