/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One device of a definition: read from a client's XML, found, added, replaced, taken out. */
#pragma once

#include <domain-def.h>

#include "handler.h"

G_BEGIN_DECLS

typedef enum { DEVICE_DISK, DEVICE_INTERFACE, DEVICE_MEMORY, DEVICE_OTHER } DeviceKind;

typedef struct {
    DomainDef *def; /* a document with the device alone */
    DeviceKind kind;
    const char *word; /* its element, "disk" */
    gsize list;       /* where in a DomainDef its array is */
} Device;

void device_clear(Device *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Device, device_clear)

/* xml: one element. like: a definition of the domain, for what depends on its type. */
gboolean device_parse(Device *ret_device, const DomainDef *like, const char *xml, GError **error);
/* A device of def by its alias. VIR_ERR_DEVICE_MISSING: there is none. */
gboolean device_by_alias(Device *ret_device, const DomainDef *def, const char *alias,
                         GError **error);

/* Its array in any definition, and the place of the same device there: a disk by its target, an
 * interface by its MAC, memory by what it is, others by their alias. -1 with
 * VIR_ERR_DEVICE_MISSING. */
GPtrArray *device_list(const Device *device, const DomainDef *def);
int device_find(const Device *device, const DomainDef *def, GError **error);
/* Whether there is one in its place already; then an error in libvirt's words. */
gboolean device_check_free(const Device *device, const DomainDef *def, VirErrorCode code,
                           GError **error);
/* Moves the device into def, whose own it becomes: as a new one (index -1), or instead of another,
 * whose alias and address it keeps. */
void device_put(Device *device, DomainDef *def, int index);
/* Out of def again. The domain's memory is less by that of a memory device, as device_put() makes
 * it more. */
void device_remove(const Device *device, DomainDef *def, int index);

DomainDisk *device_disk(const Device *device);
DomainInterface *device_interface(const Device *device);
DomainMemory *device_memory(const Device *device);
DomainDeviceInfo *device_info(const Device *device, const DomainDef *def, int index);

G_END_DECLS
