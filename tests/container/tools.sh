#!/bin/bash
# What the container tests need of Debian: an image builder, an engine, and a base made of Debian's own packages, so that
# no registry of images is asked.   tools.sh STATE   (as root)
# The stand-in for the base bears its name, so that the Dockerfile is built as it is.
set -euo pipefail
STATE=${1:?folder}; mkdir -p "$STATE"
BASE=docker.io/library/debian:bookworm-slim
BUILDAH=(buildah --root "$STATE/store" --runroot "$STATE/run" --storage-driver overlay)

missing=()
for package in buildah podman runc debootstrap fuse-overlayfs mmdebstrap; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -qq -y --no-install-recommends "${missing[@]}"
fi

"${BUILDAH[@]}" inspect --type image "$BASE" >/dev/null 2>&1 && exit 0
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | sort -u | head -1)}
root=$STATE/base; rm -rf "$root"
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror"
rm -rf "${root:?}"/{var/cache/apt,var/lib/apt/lists,dev}/* "$root"/usr/share/{doc,man,locale,info}/*
printf 'deb %s bookworm main\ndeb %s bookworm-updates main\n' "$mirror" "$mirror" > "$root/etc/apt/sources.list"
# Certificates that this machine trusts are trusted by the stand-in too, never by the Dockerfile.
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
chroot "$root" update-ca-certificates
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > "$root/etc/pip.conf"
container=$("${BUILDAH[@]}" from scratch)
"${BUILDAH[@]}" add -q "$container" "$root" / >/dev/null
"${BUILDAH[@]}" config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
"${BUILDAH[@]}" commit -q --rm "$container" "$BASE"
