/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DomainDef: what a libvirt <domain> document says. Strings are owned; NULL: not given. Arrays are GPtrArrays that
 * own their elements and are never NULL. Public so that kanzend can read and change definitions without text surgery.
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

typedef struct DomainDef {
    int id;                 /* -1: inactive */
    char *virt_type;        /* "xen" */
    char *name;
    char *uuid;             /* 36 characters, lower case; NULL before completion */
    char *title;
    char *description;
    xmlNodePtr metadata;    /* <metadata> kept as it was, owned (a copy without document), or NULL */

    guint64 memory_kib;     /* <memory> */
    guint64 current_memory_kib; /* <currentMemory>; 0: same */
    guint vcpus_max;        /* <vcpu> text */
    guint vcpus_current;    /* <vcpu current=>; 0: same */
    char *vcpu_cpuset;

    char *os_type;          /* "xen" (and "linux" on input), "hvm", "xenpvh" */
    char *os_arch;
    char *os_machine;       /* "xenpv", "xenfv", "xenpvh" */

    char *on_poweroff, *on_reboot, *on_crash; /* libvirt's words */

    char *emulator;

    /* The further fields (os boot, features, clock, devices ...) are added by their table rows. */
    GPtrArray *disks;
    GPtrArray *interfaces;
    GPtrArray *serials;
    GPtrArray *consoles;
    GPtrArray *graphics;
    GPtrArray *videos;
    GPtrArray *inputs;
} DomainDef;

DomainDef *domain_def_new (void);
void domain_def_free (DomainDef *def); /* NULL-safe */
DomainDef *domain_def_dup (const DomainDef *def);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DomainDef, domain_def_free)

G_END_DECLS
