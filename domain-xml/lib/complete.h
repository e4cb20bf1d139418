/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of domain_def_complete(). */
#pragma once

#include "domain-xml.h"

G_BEGIN_DECLS

/* complete-disk.c: order, buses, drivers and drive addresses. */
gboolean complete_disks(DomainDef *def, GError **error);
/* The number a target's letters stand for ("hdb" 1, "xvdaa3" 26), -1 when it is none. */
int disk_target_index(const char *target);

/* complete-char.c: ports, and the console that stands for an HVM guest's first serial port. */
void complete_chars(DomainDef *def);

/* complete-devices.c: what libvirt's Xen driver adds to every domain, and controllers for what is
 * there. */
void complete_devices(DomainDef *def);

/* check.c, check-supported.c: what is well-formed but wrong, or right but not possible here. */
gboolean check_definition(const DomainDef *def, GError **error);
/* check-machine.c, check-host.c: their parts but for devices. */
gboolean check_machine_parts(const DomainDef *def, GError **error);
/* complete-char.c: the place of a serial port among libkxl's, where an ISA port's is its number:
 * what is missing before it is left out there too. */
guint domain_serial_place(const GPtrArray *serials, const DomainChar *serial);
/* check-function.c */
gboolean check_functions(const DomainDef *def, GError **error);
/* check-virtio.c */
gboolean check_bus_options(const DomainDef *def, GError **error);
gboolean check_disk_source(const DomainDisk *disk, guint number, GError **error);
gboolean check_memory_parts(const DomainDef *def, GError **error);
/* One device, the number-th, alone. */
gboolean check_memory_device(const DomainDef *def, const DomainMemory *memory, guint number,
                             GError **error);
gboolean check_supported_host(const DomainDef *def, const DomainXmlCaps *caps, GError **error);
/* A set of numbers as "0-3,^2"; path is what it is. NULL is one too. */
gboolean check_set(const char *text, const char *path, GError **error);
gboolean check_supported(const DomainDef *def, const DomainXmlCaps *caps, GError **error);

static inline gboolean domain_is_hvm(const DomainDef *def)
{
    return g_strcmp0(def->os_type, "hvm") == 0;
}

/* Whether its board is PCI Express's; else it is a PC of i440FX's. */
static inline gboolean domain_is_q35(const DomainDef *def)
{
    return domain_is_hvm(def) && g_strcmp0(def->os_machine, "q35") == 0;
}

/* Whether its firmware is OVMF: chosen by kind, or by the file. complete.c. */
gboolean domain_is_uefi(const DomainDef *def);

/* "return fail_check(error, SYNTAX, ...)": sets the error and is FALSE. */
#define fail_check(error, code, ...) domain_xml_fail(error, DOMAIN_XML_ERROR_##code, __VA_ARGS__)
gboolean domain_xml_fail(GError **error, DomainXmlErrorCode code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

G_END_DECLS
