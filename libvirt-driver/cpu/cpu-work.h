/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Comparing and describing CPUs. Pure: what they are compared with comes in. */
#pragma once

#include "cpu-map.h"

G_BEGIN_DECLS

/* virCPUCompareResult */
typedef enum { CPU_INCOMPATIBLE = 0, CPU_IDENTICAL = 1, CPU_SUPERSET = 2 } CpuComparison;

/* What a <cpu> element asks for. */
typedef struct {
    gboolean is_host;   /* mode host-passthrough or maximum, or host-model: whatever the host has */
    gboolean is_strict; /* match='strict': nothing more than it says */
    char *vendor;
    CpuSet *required, *optional, *forbidden;
} CpuWish;

CpuWish *cpu_wish_parse(const CpuMap *map, const char *xml, GError **error);
void cpu_wish_free(CpuWish *wish); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuWish, cpu_wish_free)

/* have: the features of who is to fulfil it. ret_why (may be NULL): what is wrong when they cannot,
 * a new string. */
CpuComparison cpu_compare(const CpuMap *map, const char *vendor, const CpuSet *have,
                          const CpuWish *wish, char **ret_why);

/* The features that all wishes have in common. ret_vendor: borrowed from the first, NULL when they
 * differ in it and then the result is NULL with error. */
CpuSet *cpu_baseline(const CpuMap *map, GPtrArray *wishes, const char **ret_vendor, GError **error);

typedef enum {
    CPU_DESCRIBE_HOST = 1 << 0,       /* <feature name=/>, as of a host; else with policy= */
    CPU_DESCRIBE_EXPAND = 1 << 1,     /* the model's own features too */
    CPU_DESCRIBE_MIGRATABLE = 1 << 2, /* without what cannot be migrated */
    CPU_DESCRIBE_DISABLE = 1 << 3,    /* the nearest model, with features taken out of it */
} CpuDescribeFlags;
/* Appends <model>, <vendor> and <feature>s: the richest model that is part of the set, and what it
 * lacks. allowed (may be NULL): whether a model may be told. FALSE: there is no such model. */
gboolean cpu_describe(const CpuMap *map, const char *vendor, const CpuSet *set,
                      CpuDescribeFlags flags, gboolean (*allowed)(const char *model, gpointer data),
                      gpointer data, const char *indent, GString *xml);

G_END_DECLS
