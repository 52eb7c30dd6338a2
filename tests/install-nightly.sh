#!/usr/bin/env bash
# What only the nightly parts need (deb, container): a Debian of its own, an image.  As root on Debian.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends mmdebstrap buildah >/dev/null
