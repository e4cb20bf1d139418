/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's map of x86 CPUs: which feature is which bit of CPUID, which model has which features.
 * It comes with libvirt's client library (/usr/share/libvirt/cpu_map); a host may be without, and
 * then there are no models to compare with.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* By index of a feature: 1 when it is in the set. */
typedef guint8 CpuSet;

typedef struct {
    char *name;
    char **aliases;
    gboolean in_cpuid; /* else a model-specific register's, which programs cannot read */
    guint eax_in, ecx_in;
    guint bits[4]; /* eax, ebx, ecx, edx */
    gboolean migratable;
} CpuFeature;

typedef struct {
    char *name, *vendor; /* vendor: "Intel"; NULL: any */
    CpuSet *features;
    gboolean for_host, for_guest; /* may be told of one */
} CpuModel;

typedef struct {
    GPtrArray *features; /* of CpuFeature */
    GPtrArray *models;   /* of CpuModel, in the map's order: later ones are newer */
    GHashTable *by_name; /* name or alias to index + 1 */
} CpuMap;

/* NULL with error: there is none in the folder, or it cannot be understood. */
CpuMap *cpu_map_load(const char *dir, GError **error);
void cpu_map_free(CpuMap *map); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuMap, cpu_map_free)

/* -1: no such feature. QEMU's spellings are known too. */
int cpu_map_find_feature(const CpuMap *map, const char *name);
const CpuModel *cpu_map_find_model(const CpuMap *map, const char *name);
/* The vendor's name in the map for CPUID's string; NULL: none. Borrowed. */
const char *cpu_map_vendor(const char *cpuid_string);

CpuSet *cpu_set_new(const CpuMap *map);
guint cpu_set_count(const CpuMap *map, const CpuSet *set);

G_END_DECLS
