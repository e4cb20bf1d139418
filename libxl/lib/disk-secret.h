/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What opens a disk's image or its server, in files of the domain's folder (which is root's alone)
 * for QEMU to read: in no command line, and in no configuration. The files stay while the disk
 * does, as a domain that restarts in the same folder needs them again.
 */
#pragma once

#include "machine-args.h"

/* QEMU's names of a disk's secrets behind the block node `node`. */
#define KXL_SECRET_SERVER "auth"
#define KXL_SECRET_IMAGE  "key"
#define KXL_SECRET_COOKIE "cookie"
#define KXL_SECRET_TLS    "tls" /* certificates, which are files of the host's */
/* Where certificates are when a configuration does not say so: QEMU's folder, and libvirt's for
 * network disks, which goes first. */
#define KXL_TLS_DIR     "/etc/pki/qemu"
#define KXL_TLS_DIR_NBD "/etc/pki/libvirt-nbd"

char *kxl_disk_secret_id(const char *node, const char *word);

/* Whether the disk names any, or certificates. */
gboolean kxl_disk_has_secrets(const KxlDeviceDisk *disk);
/* Whether each has a value; an error tells of the one that has not. */
gboolean kxl_disk_secrets_check(const KxlDeviceDisk *disk, GError **error);

gboolean kxl_disk_secrets_write(const char *folder, const KxlDeviceDisk *disk, GError **error);
void kxl_disk_secrets_remove(const char *folder, const KxlDeviceDisk *disk);

/* -object for each, as the image's node wants them. */
void kxl_args_disk_secrets(KxlArgs *args, const char *folder, const KxlDeviceDisk *disk,
                           const char *node);
