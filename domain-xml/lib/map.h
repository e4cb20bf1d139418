/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of domain_def_to_config() and domain_def_from_config(), one pair for each subject. They
 * run in the order of the table in map.c; each finds what the ones before it have set.
 */
#pragma once

#include "complete.h"

G_BEGIN_DECLS

gboolean map_general_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_general_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_boot_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_boot_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_features_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_features_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_cpu_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_cpu_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

/* What cell `from` is away from cell `to`: as said, or as said the other way round, or the usual 10
 * and 20. */
guint map_cell_distance(const DomainCpu *cpu, guint from, guint to);

/* What xl.cfg(5) has no words for, so there is no way back. */
gboolean map_machine_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_tuning_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);

gboolean map_memory_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_memory_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);
void map_numa_caches(const DomainNumaCell *from, KxlNumaCell *to);

gboolean map_disks_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_disks_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_nics_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_nics_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_display_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_display_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_chars_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_chars_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_devices_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_devices_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

/* map-address.c: where a device sits, and how virtio ones are reached; the kinds libkxl knows. */
void map_address(const DomainDeviceInfo *info, KxlAddress *ret_address);
/* Of a device that libkxl finds a place for itself: only what virtio and the firmware are told. */
void map_bus_options(const DomainDeviceInfo *info, KxlAddress *ret_address);
gboolean map_has_bus_options(const DomainDeviceInfo *info);
void map_address_from_config(const KxlAddress *address, DomainDeviceInfo *ret_info);
KxlTristate map_tristate(int tristate);
int map_tristate_back(KxlTristate tristate);

gboolean map_sounds_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_sounds_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_misc_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_misc_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

gboolean map_host_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error);
gboolean map_host_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error);

/* map-char.c: where a character device leads. type: libvirt's word for it. */
gboolean map_source_to_serial(const char *type, const char *protocol, const GPtrArray *sources,
                              KxlSerial *serial, GError **error);

/* map-disk-server.c */
void map_disk_server_to_config(const DomainDisk *from, KxlDeviceDisk *to);
void map_disk_server_from_config(const KxlDeviceDisk *from, DomainDisk *to);

/* map-uri.c: the source of a network disk as QEMU takes it ("nbd://host:port/export",
 * "rbd:pool/image:...") and back. from_uri is FALSE for what it does not know. */
char *map_disk_to_uri(const DomainDisk *disk, GError **error);
gboolean map_disk_from_uri(const char *uri, DomainDisk *disk);

/* Adds to a list of strings that ends with NULL; *list may be NULL. */
void map_add_string(char ***list, const char *text);

/* Options of xl.cfg that a KxlDomainConfig keeps as text. */
void map_add_extra(KxlDomainConfig *config, const char *key, const char *value);
const char *map_find_extra(const KxlDomainConfig *config, const char *key); /* NULL: none */

G_END_DECLS
