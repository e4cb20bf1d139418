/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images that are not opened by path: whoever starts the domain, or plugs the disk, has them open
 * already (KxlDeviceDisk.fd_group). QEMU gets the descriptors as a set and finds in it the one for
 * reading or the one for writing. Their numbers (KxlDeviceDisk.fds) are of the process at hand and
 * never written down; how many each disk has goes to the supervisor as a word, "xvda=2,xvdb=1".
 */
#pragma once

#include "machine-args.h"
#include "qmp.h"

/* As many as libvirt's protocol can carry with a call. */
#define KXL_DISK_FDS_MAX 32

/* QEMU's number of a disk's set. */
int kxl_disk_fds_number(const KxlDeviceDisk *disk);
/* What QEMU opens instead of a path. New string. */
char *kxl_disk_fds_path(const KxlDeviceDisk *disk);
/* Whether there is one that QEMU could use as it would use the file; of a disk with a path
 * always. */
gboolean kxl_disk_fds_check(const KxlDeviceDisk *disk, GError **error);
gboolean kxl_disk_fds_are_block(const KxlDeviceDisk *disk);

/* -add-fd for each. */
void kxl_args_disk_fds(KxlArgs *args, const KxlDeviceDisk *disk);
/* Of all disks of a configuration: in one list, of int, and the word. */
GArray *kxl_disk_fds_list(const KxlDomainConfig *config, char **ret_word);
/* The other side: they have come as first, first + 1 and so on. Returns how many. */
guint kxl_disk_fds_count(const char *word);
void kxl_disk_fds_place(KxlDomainConfig *config, const char *word, int first);
gboolean kxl_disk_fds_wanted(const KxlDomainConfig *config);
/* From one configuration to another of the same disks. */
void kxl_disk_fds_copy(const KxlDomainConfig *from, KxlDomainConfig *to);
void kxl_disk_fds_close(KxlDomainConfig *config);

/* --- hot-fds.c */
/* "fd=7,set=51712" to a running emulator. */
gboolean kxl_disk_fds_plug(KxlQmp *qmp, const char *value, GError **error);
/* Errors say nothing new: it may be gone with its image. */
void kxl_disk_fds_unplug(KxlQmp *qmp, const KxlDeviceDisk *disk);
/* Those of a running emulator, by its pidfd, into the disks of config: new descriptors. */
gboolean kxl_disk_fds_fetch(KxlQmp *qmp, int pidfd, KxlDomainConfig *config, GError **error);
