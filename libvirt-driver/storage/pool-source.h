/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a pool's storage comes from: <source> of a pool. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

#include "permissions.h"

G_BEGIN_DECLS

/* What a type's <source> may or must have. */
typedef enum {
    POOL_SOURCE_HOST = 1 << 0,
    POOL_SOURCE_DEVICE = 1 << 1,
    POOL_SOURCE_DIR = 1 << 2,
    POOL_SOURCE_ADAPTER = 1 << 3,
    POOL_SOURCE_NAME = 1 << 4,
    POOL_SOURCE_INITIATOR = 1 << 5,
    POOL_SOURCE_NETWORK = 1 << 6, /* nothing of it is seen in this host's file system */
    POOL_SOURCE_PROTOCOL_VER = 1 << 7,
} PoolSourceParts;

typedef struct {
    char *name;
    guint port; /* 0: not said */
} PoolHost;

typedef struct {
    char *path;
    Tristate part_separator;
    GArray *free_extents; /* of PoolExtent, in what is live only; NULL: not known */
} PoolDevice;

typedef struct {
    guint64 start, end; /* bytes */
} PoolExtent;

typedef enum { POOL_ADAPTER_NONE, POOL_ADAPTER_SCSI_HOST, POOL_ADAPTER_FC_HOST } PoolAdapterType;

typedef struct {
    PoolAdapterType type;
    char *name; /* scsi_host by its name; NULL: by the place of its controller */
    guint unique_id, domain, bus, slot, function;
    char *parent, *parent_wwnn, *parent_wwpn, *parent_fabric_wwn; /* fc_host */
    char *wwnn, *wwpn;
    Tristate managed;
} PoolAdapter;

typedef struct {
    char *type, *username, *secret_uuid, *secret_usage;
} PoolAuth;

typedef struct {
    GPtrArray *hosts;   /* of PoolHost */
    GPtrArray *devices; /* of PoolDevice */
    char *dir, *name, *initiator, *protocol_ver, *vendor, *product;
    const char *format; /* one of the type's words; NULL: it has none */
    PoolAdapter adapter;
    PoolAuth *auth;
} PoolSource;

void pool_source_init(PoolSource *source);
void pool_source_clear(PoolSource *source);
/* node: <source>, NULL: absent. */
gboolean pool_source_parse(PoolSource *source, const PoolType *type, xmlNodePtr node,
                           GError **error);
/* The element with what is in it, at two spaces. */
void pool_source_format(GString *xml, const PoolSource *source, const PoolType *type);
/* Whether two pools of that type would use the same storage. */
gboolean pool_source_conflicts(const PoolSource *a, const PoolSource *b, const PoolType *type);

/* NULL: not said. */
const PoolHost *pool_source_host(const PoolSource *source);
const PoolDevice *pool_source_device(const PoolSource *source);

G_END_DECLS
